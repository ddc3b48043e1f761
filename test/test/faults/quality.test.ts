import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { canaryGate, usualGate } from '@lineside/fleet-server/features/rollouts/plan';
import { seededRandom } from '@lineside/fleet-server/learning/random';
import sharp from 'sharp';
import type { Test } from 'tap';
import type { ApiClient } from '../../src/system/api-client.js';
import type { Box, Line } from '../../src/system/line.js';
import { dropFile, watchedFolder } from '../../src/system/pictures.js';
import { until } from '../../src/system/until.js';
import { onALine } from './on-a-line.js';

const products = { dark: 0, grey: 90, light: 180 };
type Product = keyof typeof products;
const names = Object.keys(products) as Product[];
const patience = { timeoutMs: 240_000, everyMs: 200 };

const picture = (product: Product, random: () => number): Promise<Buffer> =>
  sharp(
    Buffer.from(Array.from({ length: 64 * 64 * 3 }, () => Math.floor(products[product] + random() * 60))),
    { raw: { width: 64, height: 64, channels: 3 } },
  )
    .jpeg()
    .toBuffer();

/** Trains on the labels as they are. @returns the model */
async function train(api: ApiClient): Promise<string> {
  const { id } = await api.startTraining({ mode: 'head' });
  const run = await until(
    'the training',
    async () => {
      const now = await api.getTraining(id);
      return now.state === 'queued' || now.state === 'running' ? null : now;
    },
    patience,
  );
  if (!run.modelVersionId) throw new Error(`training ${run.state}: ${JSON.stringify(run.error)}`);
  return run.modelVersionId;
}

/** Answers for every stored frame: its product, or what `say` makes of it. */
async function labelAll(api: ApiClient, say: (product: Product) => Product): Promise<void> {
  for await (const frame of api.listFrames()) {
    const product = names.find((name) => frame.source?.startsWith(`${name}-`));
    if (product) await api.labelFrame(frame.id, say(product), randomUUID());
  }
}

onALine(
  'a model that installs perfectly and is wrong on one product is stopped by the gate of the canary; a good one goes through the shadow',
  async (t: Test, line: Line, dir: string) => {
    const { api } = line;
    await api.createClass('grey');
    const random = seededRandom(7);
    const boxes: Box[] = [await line.enrol('box-1'), await line.enrol('box-2')];
    const incoming = (index: number) => join(dir, `box-${index + 1}`, 'incoming');
    /** By box: each sees every product equally often, however fast it takes its pictures. */
    const dropped = boxes.map(() => 0);
    const drop = async (index: number) => {
      const count = dropped[index]!++;
      const product = names[count % names.length]!;
      await dropFile(incoming(index), `${product}-${index}-${count}.jpg`, await picture(product, random));
    };
    /** A device without pictures takes longer to confirm. */
    const feed = async () => {
      for (const index of [0, 1]) {
        if ((await readdir(incoming(index))).length < 6) await drop(index);
      }
    };
    for (const [index, box] of boxes.entries()) {
      await box.start({ cameras: [watchedFolder(incoming(index))], policy: { auditShare: 1 } });
    }
    for (let k = 0; k < 60; k++) await drop(k % 2);
    await line.arrived(60);

    await labelAll(api, (product) => product);
    const good = await train(api);
    const first = await api.createRollout(good, { kind: 'all_at_once' });
    await until(
      'both to run it',
      async () => {
        await feed();
        const { state, reason } = (await api.getRollout(first.id)).rollout;
        if (state === 'paused') throw new Error(reason ?? '');
        return state === 'finished';
      },
      patience,
    );

    await labelAll(api, (product) => (product === 'grey' ? 'light' : product));
    const bad = await train(api);
    const quality = {
      conditions: [{ kind: 'disagreement' as const, limit: 0.05 }],
      ...{ falseAlarm: 0.01, observations: 50, apartSeconds: 1 },
    };
    const { id } = await api.createRollout(bad, {
      kind: 'staged',
      groups: [
        {
          ...{ name: 'Canary', size: { kind: 'devices', devices: 1 } },
          gate: { ...canaryGate, soakSeconds: 86_400, quality },
        },
        { name: 'Rest', size: { kind: 'rest' }, gate: usualGate },
      ],
    });
    const shown = await until(
      'the gate to fail',
      async () => {
        await feed();
        const now = await api.getRollout(id);
        return now.rollout.state === 'running' ? null : now;
      },
      patience,
    );
    const { rollout, executions } = shown;
    t.comment(rollout.reason);
    t.equal(rollout.state, 'paused');
    t.match(rollout.reason, /^Canary: the champion decides otherwise on [23]\d(\.\d)? % of the frames/);
    t.match(rollout.groups, [
      { state: 'failed', confirmed: 1, failed: 0, quality: [{ kind: 'disagreement', state: 'violated' }] },
      { state: 'scheduled', waiting: 1 },
    ]);
    const canary = executions.find(({ group }) => group === 0)?.deviceName;
    for (const device of await api.listDevices()) {
      const runs = device.name === canary ? bad : good;
      t.equal(device.reported?.model?.version, runs, `${device.name} runs ${runs}`);
      t.equal(device.desiredModelVersion, runs, 'and is to run it');
    }

    await api.rolloutAction(id, 'roll-back');
    const well = async () =>
      (await api.listDevices()).every(
        ({ reported, desiredChallenger }) =>
          reported?.model?.version === good && reported.update.phase === 'confirmed' && !desiredChallenger,
      );
    await until(
      'the canary to be back',
      async () => {
        await feed();
        return well();
      },
      patience,
    );
    t.pass('one click, and the canary decides as before, alone');

    await labelAll(api, (product) => product);
    const better = await train(api);
    const shadow = { seconds: 5, share: 1, quality: { ...quality, observations: 10 } };
    const trial = await api.createRollout(better, {
      kind: 'staged',
      groups: [
        {
          ...{ name: 'Shadow first', size: { kind: 'devices', devices: 1 } },
          gate: { ...canaryGate, shadow },
        },
        { name: 'Rest', size: { kind: 'rest' }, gate: usualGate },
      ],
    });
    let compared = 0;
    await until(
      'both to run what proved itself in the shadow',
      async () => {
        await feed();
        const { state, reason, groups } = (await api.getRollout(trial.id)).rollout;
        if (state === 'paused') throw new Error(reason ?? '');
        if (groups[0]?.state === 'shadowing') {
          for (const { reported } of await api.listDevices()) {
            if (reported?.model?.version !== good) throw new Error('a device switched in the shadow');
            compared = Math.max(compared, reported.shadow?.compared ?? 0);
          }
        }
        return state === 'finished';
      },
      patience,
    );
    t.ok(compared > 0, `${compared} frames were compared while the old model decided`);
    t.match((await api.getRollout(trial.id)).rollout.groups[0]?.trial, [
      { kind: 'disagreement', state: 'holding' },
      { kind: 'golden', state: 'holding', observations: 1 },
    ]);
    for (const device of await api.listDevices()) {
      t.equal(device.reported?.model?.version, better);
      t.equal(device.desiredChallenger, null);
    }
  },
  { timeoutMs: 600_000 },
);
