import { randomUUID } from 'node:crypto';
import { drawPart, partClasses } from '@lineside/agent/capture/synthetic/line';
import { renderPart } from '@lineside/agent/capture/synthetic/render-part';
import sharp from 'sharp';
import { type Scored, scoreDecisions } from '../eval/score.js';
import type { ApiClient } from '../system/api-client.js';
import { until } from '../system/until.js';
import { line, type Plant } from './plant.js';
import type { DemoReport } from './report.js';

const labels = 120;
const partsPerCamera = 40;

/** Parts no camera has seen, mixed as on the line, as JPEGs. */
async function freshParts(cameras: number): Promise<{ truth: string; jpeg: Buffer; camera: number }[]> {
  const parts = [];
  for (let camera = 0; camera < cameras; camera++) {
    for (let sequence = 0; sequence < partsPerCamera; sequence++) {
      const { partSeed, defect } = drawPart({ seed: 900 + camera, sequence, defectShare: line.defectShare });
      const { width, height, rgb } = renderPart({
        seed: partSeed,
        variant: line.variant,
        defect,
        difficulty: line.difficulty,
      });
      const jpeg = await sharp(rgb, { raw: { width, height, channels: 3 } })
        .jpeg({ quality: 92 })
        .toBuffer();
      parts.push({ truth: defect, jpeg, camera });
    }
  }
  return parts;
}

/** One full loop without a person: the truth that the generated line reveals plays the operator. */
export async function runOnce(
  plant: Plant,
  api: ApiClient,
  say: (line: string) => void,
  startSeconds: number,
): Promise<DemoReport> {
  const begin = performance.now();
  const since = (start: number) => Math.round(performance.now() - start) / 1000;
  const classIds = new Map(
    (await api.listClasses()).map((item) => [item.name.replaceAll(' ', '_'), item.id]),
  );
  const names = new Map([...classIds].map(([name, id]) => [id, name]));
  const parts = await freshParts(plant.agents.length);

  const devices = await until(
    'the cameras to run the first model',
    async () => {
      const all = await api.listDevices();
      const ready = all.filter((device) => device.online && device.reported?.update.phase === 'confirmed');
      return ready.length === plant.agents.length ? ready : null;
    },
    { timeoutMs: 180_000, everyMs: 200 },
  );
  const bootstrap = since(begin);
  const check = async (): Promise<DemoReport['before']> => {
    const versions = new Set<string>();
    const decisions: Scored[] = [];
    for (const part of parts) {
      const device = devices[part.camera % devices.length];
      if (!device) throw new Error('no device');
      const decision = await api.infer(device.id, part.jpeg, 'image/jpeg');
      versions.add(decision.modelVersion);
      decisions.push({
        truth: part.truth,
        predicted: names.get(decision.classId) ?? decision.classId,
        accepted: decision.accepted,
      });
    }
    const { recall, ...score } = scoreDecisions(decisions, partClasses);
    return { modelVersion: [...versions].join(','), ...score };
  };
  const before = await check();
  say(`${devices.length} cameras run ${before.modelVersion}`);

  const labelling = performance.now();
  let labelled = 0;
  let ordered = 0;
  await until(
    `${labels} labels`,
    async () => {
      const { total } = await api.countFrames();
      if (total < Math.min(labels * 1.5, labelled + 40)) return false;
      if (total > ordered) {
        await api.orderQueue();
        ordered = total;
      }
      const { items } = await api.lease(Math.min(20, labels - labelled));
      for (const { frame, token } of items) {
        const classId = classIds.get(frame.metadata.truth ?? '');
        if (!classId) throw new Error(`frame ${frame.id} does not tell its truth`);
        await api.answer({
          requestId: randomUUID(),
          frameId: frame.id,
          token,
          answer: { kind: 'class', classId },
        });
        labelled++;
      }
      return labelled >= labels;
    },
    { timeoutMs: 300_000, everyMs: 500 },
  );
  const label = since(labelling);
  say(`${labelled} frames labelled`);

  const training = performance.now();
  const { id: runId } = await api.startTraining({ mode: 'head' });
  const run = await until(
    'training',
    async () => {
      const now = await api.getTraining(runId);
      return now.state === 'queued' || now.state === 'running' ? null : now;
    },
    { timeoutMs: 600_000, everyMs: 200 },
  );
  if (run.state !== 'succeeded' || !run.modelVersionId)
    throw new Error(`training ${run.state}: ${run.error?.message}`);
  const train = since(training);
  say(`trained ${run.modelVersionId}`);

  const rolling = performance.now();
  const { id: rolloutId } = await api.createRollout(run.modelVersionId, {
    kind: 'canary',
    canaries: 1,
    confirmations: 1,
    soakSeconds: 2,
  });
  const rollout = await until(
    'the rollout',
    async () => {
      const now = (await api.getRollout(rolloutId)).rollout;
      return now.state === 'running' ? null : now;
    },
    { timeoutMs: 180_000, everyMs: 200 },
  );
  if (rollout.state !== 'finished') throw new Error(`rollout ${rollout.state}: ${rollout.reason}`);
  const rolloutSeconds = since(rolling);
  const after = await check();
  say(`the cameras now run ${after.modelVersion}`);

  const ids: string[] = [];
  for await (const frame of api.listFrames()) ids.push(`${frame.deviceId}:${frame.source ?? frame.id}`);
  return {
    devices: devices.length,
    classes: [...partClasses],
    labels: labelled,
    checkedFrames: parts.length,
    before,
    after,
    framesStored: ids.length,
    duplicated: ids.length - new Set(ids).size,
    seconds: {
      start: startSeconds,
      bootstrap,
      label,
      train,
      rollout: rolloutSeconds,
      total: startSeconds + since(begin),
    },
    ok:
      after.modelVersion === run.modelVersionId &&
      (after.balancedAccuracy ?? 0) > (before.balancedAccuracy ?? 1),
  };
}
