import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeMessage, FrameMessage } from '@lineside/shared';
import sharp from 'sharp';
import t from 'tap';
import type { CapturedFrame, Source, SourceEvents } from '../../src/capture/source.js';
import { LogBook } from '../../src/log-book.js';
import { enrolledBox } from '../helpers/enrolled-box.js';
import { installTinyModel } from '../helpers/installed-model.js';
import { tinyPackage } from '../helpers/tiny-model.js';
import { until } from '../helpers/until.js';
import { startPort, type TestPort } from '../update/test-port.js';

const policy = { auditShare: 0, novelty: false, imageHealth: { enabled: false } };

/** Sources that deliver a frame when the test says so, by camera. */
function hand() {
  const open = new Map<string, SourceEvents>();
  const starts: string[] = [];
  const createSource = ({ id }: { id: string }): Source => ({
    live: true,
    async start(events) {
      starts.push(id);
      open.set(id, events);
    },
    async stop() {
      open.delete(id);
    },
  });
  const frame = (cameraId: string, red: number, width = 64, height = 48): CapturedFrame => ({
    cameraId,
    sequence: 0,
    capturedAt: 1_700_000_000_000 + red,
    capturedAtMonotonicMs: performance.now(),
    width,
    height,
    rgb: Buffer.from(Uint8Array.from({ length: width * height * 3 }, (_, i) => (i % 3 === 0 ? red : 7))),
  });
  return {
    createSource,
    starts,
    show: (cameraId: string, red: number) => open.get(cameraId)?.onFrame(frame(cameraId, red)),
  };
}

t.test('snapshot, trigger and restart of a camera', async (t) => {
  const box = await enrolledBox(t);
  await installTinyModel(box.stateDir);
  const { createSource, starts, show } = hand();
  const source = { kind: 'synthetic' };
  const agent = box.agent(
    {
      cameras: [
        { id: 'belt', source },
        { id: 'gate', source, trigger: { kind: 'external' } },
      ],
      policy: { ...policy, recordAll: true, duplicates: { windowMs: 0 } },
    },
    { createSource },
  );
  await agent.start();

  t.match(await box.command({ kind: 'snapshot', cameraId: 'none' }), { ok: false, code: 'not_found' });
  t.match(await box.command({ kind: 'snapshot', cameraId: 'gate' }), { ok: false, code: 'conflict' });
  await show('belt', 200);
  const whole = await box.command({ kind: 'snapshot', cameraId: 'belt' });
  t.match(whole, { ok: true, capturedAt: 1_700_000_000_200 });
  t.match(await sharp(whole.image).metadata(), { format: 'jpeg', width: 64, height: 48 });
  const [pixel] = await sharp(whole.image).raw().toBuffer();
  t.ok(Math.abs((pixel ?? 0) - 200) < 4, `red ${pixel}`);
  const small = await box.command({ kind: 'snapshot', cameraId: 'belt', maxWidth: 32 });
  t.match(await sharp(small.image).metadata(), { width: 32, height: 24 });

  await show('gate', 10);
  t.match(await box.command({ kind: 'trigger', cameraId: 'belt' }), { ok: false, code: 'conflict' });
  t.match(await box.command({ kind: 'trigger', cameraId: 'gate' }), { ok: true });
  await show('gate', 20);
  await show('gate', 30);
  const gates = () =>
    box.broker
      .of('frame')
      .map(({ payload }) => decodeMessage(FrameMessage, payload))
      .filter(({ cameraId }) => cameraId === 'gate');
  await until('the triggered frame', () => gates().length > 0);
  t.strictSame(
    gates().map(({ capturedAt }) => capturedAt - 1_700_000_000_000),
    [20],
  );

  t.match(await box.command({ kind: 'restart_camera', cameraId: 'gate' }), { ok: true });
  t.match(await box.command({ kind: 'restart_camera', cameraId: 'none' }), { ok: false, code: 'not_found' });
  t.strictSame(starts, ['belt', 'gate', 'gate']);
});

t.test('the newest lines of the log, without secrets', async (t) => {
  const box = await enrolledBox(t);
  const logBook = new LogBook();
  for (let i = 0; i < 100; i++) logBook.write(`{"n":${i},"url":"rtsp://ann:s3cret@10.0.0.1/a"}\n`);
  const agent = box.agent({ cameras: [{ id: 'cam', source: { kind: 'synthetic' } }], policy }, { logBook });
  await agent.start();
  const { ok, logs = '' } = await box.command({ kind: 'logs', maxBytes: 1024 });
  t.ok(ok);
  t.ok(Buffer.byteLength(logs) <= 1024);
  const lines = logs
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { n: number; url: string });
  t.equal(lines.at(-1)?.n, 99);
  t.equal(lines[0]?.n, 100 - lines.length);
  t.equal(lines[0]?.url, 'rtsp://ann:***@10.0.0.1/a');
});

t.test('a benchmark of the running package, and of one that is fetched for it', async (t) => {
  let port: TestPort | undefined;
  const box = await enrolledBox(t, async (authority) => {
    port = await startPort(authority);
    const { artifactsUrl, tufRoot } = port.identity;
    return { artifactsUrl, tufRoot };
  });
  if (!port) throw new Error('no device port');
  const devicePort = port;
  const packages = await mkdtemp(join(tmpdir(), 'lineside-packages-'));
  t.teardown(async () => {
    await devicePort.close();
    await rm(packages, { recursive: true });
  });
  const agent = box.agent({ cameras: [{ id: 'cam', source: { kind: 'synthetic' } }], policy });
  await agent.start();
  const options = { kind: 'benchmark', seconds: 1, width: 32, height: 24 } as const;
  t.match(await box.command(options), { ok: false, code: 'model_absent' });

  await agent.stop();
  await installTinyModel(box.stateDir);
  const next = box.agent({ cameras: [{ id: 'cam', source: { kind: 'synthetic' } }], policy });
  await next.start();
  const long = { ...options, seconds: 4 };
  const [own, second] = await Promise.all([box.command(long), box.command(long)]);
  t.match(own, { ok: true, benchmark: { modelVersion: 'v1', variant: 'fp32', width: 32, height: 24 } });
  t.ok((own.benchmark?.inferences ?? 0) > 0);
  t.match(second, { ok: false, code: 'conflict' }, 'one at a time');

  const model = await devicePort.publishPackage(await tinyPackage(packages, { version: 'v2', slope: -20 }));
  const fetched = await box.command({ ...options, model });
  t.match(fetched, { ok: true, benchmark: { modelVersion: 'v2' } });
  t.match(next.health(), { model: 'v1' });
  t.match(await box.command({ ...options, model: { ...model, manifestSha256: 'f'.repeat(64) } }), {
    ok: false,
    code: 'artifact_untrusted',
  });

  await box.desire({ revision: 1, shadow: { model, share: 1 } });
  await until('disagreement', () => (box.reported()?.shadow?.disagreed ?? 0) > 0, 60_000);
  t.match(box.reported()?.shadow, { version: 'v2', phase: 'active', share: 1 });
  t.match(next.health(), { model: 'v1', status: 'ok' });
});
