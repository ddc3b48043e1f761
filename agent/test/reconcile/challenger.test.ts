import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DesiredState, ModelTarget } from '@lineside/shared';
import t, { type Test } from 'tap';
import { createReconciler } from '../../src/reconcile/reconciler.js';
import { until } from '../helpers/until.js';
import { FakeHost } from '../update/fake-host.js';
import { FakeShadow } from '../update/fake-shadow.js';
import { startPort, type TestPort } from '../update/test-port.js';

function boot(port: TestPort, stateDir: string) {
  const host = new FakeHost();
  const shadow = new FakeShadow();
  const reconciler = createReconciler({
    host,
    shadow,
    identity: port.identity,
    stateDir,
    probation: { graceMs: 20, minDecisions: 1, maxWaitMs: 100 },
    backoff: { minMs: 5, maxMs: 30 },
    shadowCheckMs: 20,
    onReported: () => undefined,
  });
  return { host, shadow, reconciler, phase: () => reconciler.shadow()?.phase };
}

/** A device on which v1 is confirmed. */
async function setUp(t: Test) {
  const port = await startPort();
  const stateDir = await mkdtemp(join(tmpdir(), 'lineside-box-'));
  const device = boot(port, stateDir);
  const devices = [device];
  // One teardown, in this order: a folder that is still written to cannot be removed.
  t.teardown(async () => {
    await Promise.all(devices.map(({ reconciler }) => reconciler.stop()));
    await port.close();
    await rm(stateDir, { recursive: true });
  });
  await device.reconciler.start();
  const champion = port.publish({ version: 'v1', releaseCounter: 1 });
  device.reconciler.desire({ v: 1, revision: 1, model: champion });
  await until('v1', () => device.reconciler.report().update.phase === 'confirmed');
  const again = () => {
    const next = boot(port, stateDir);
    devices.push(next);
    return next;
  };
  return { port, stateDir, champion, again, ...device };
}

const desire = (revision: number, model: ModelTarget, shadow: ModelTarget | null): DesiredState => ({
  v: 1,
  revision,
  model,
  shadow: shadow && { model: shadow, share: 0.25 },
});
const modelFile = (port: TestPort, version: string): string =>
  port.manifest(version).variants[0]?.file.sha256 ?? '';

t.test('a challenger is fetched, verified and set beside the champion, and reported', async (t) => {
  const { port, champion, reconciler, host, shadow, phase } = await setUp(t);
  const next = port.publish({ version: 'v2', releaseCounter: 2 });
  reconciler.desire(desire(2, champion, next));
  await until('active', () => phase() === 'active');
  t.strictSame(shadow.sets, ['v2@2 0.25']);
  t.strictSame(host.swaps, ['v1@1'], 'the champion goes on');
  t.strictSame(reconciler.shadow(), {
    version: 'v2',
    releaseCounter: 2,
    share: 0.25,
    phase: 'active',
    compared: 0,
    disagreed: 0,
  });
  if (shadow.current) shadow.current = { ...shadow.current, compared: 8, disagreed: 3 };
  t.match(reconciler.shadow(), { compared: 8, disagreed: 3 });

  reconciler.desire({ ...desire(3, champion, next), shadow: { model: next, share: 1 } });
  await until('the share', () => shadow.current?.share === 1);
  t.equal(shadow.current?.compared, 8, 'its counters go on');
});

t.test('a challenger that becomes the champion is not fetched twice', async (t) => {
  const { port, champion, reconciler, host, shadow, phase } = await setUp(t);
  const next = port.publish({ version: 'v2', releaseCounter: 2 });
  reconciler.desire(desire(2, champion, next));
  await until('active', () => phase() === 'active');
  const fetched = port.artifactsAsked().length;
  reconciler.desire(desire(3, next, null));
  await until('v2', () => host.active()?.releaseCounter === 2);
  await until('confirmed', () => reconciler.report().update.phase === 'confirmed');
  t.equal(port.artifactsAsked().length, fetched);
  t.equal(shadow.current, null);
  t.equal(reconciler.shadow(), null);
});

t.test('the champion itself is no challenger', async (t) => {
  const { port, reconciler, host, shadow, phase, champion } = await setUp(t);
  const next = port.publish({ version: 'v2', releaseCounter: 2 });
  reconciler.desire(desire(2, champion, next));
  await until('active', () => phase() === 'active');
  reconciler.desire(desire(3, next, next));
  await until('v2', () => host.active()?.releaseCounter === 2);
  await until('its end', () => shadow.current === null && phase() === 'idle');
});

t.test('after a restart without a network the challenger goes on', async (t) => {
  const { port, champion, reconciler, phase, again } = await setUp(t);
  reconciler.desire(desire(2, champion, port.publish({ version: 'v2', releaseCounter: 2 })));
  await until('active', () => phase() === 'active');
  await reconciler.stop();
  await port.close();
  const next = again();
  await next.reconciler.start();
  await until('active again', () => next.phase() === 'active');
  t.strictSame(next.shadow.sets, ['v2@2 0.25']);
});

t.test('a challenger that is no good is given up, and the champion does not notice', async (t) => {
  const { port, champion, reconciler, host, shadow, phase, stateDir } = await setUp(t);
  const failing = async (model: ModelTarget, code: string) => {
    reconciler.desire(desire(model.releaseCounter, champion, model));
    await until(code, () => phase() === 'failed' && reconciler.shadow()?.code === code);
    t.equal(shadow.current, null);
    t.match(reconciler.report(), { model: { version: 'v1' }, update: { phase: 'confirmed' } });
  };
  shadow.bad.add('v2');
  await failing(port.publish({ version: 'v2', releaseCounter: 2 }), 'self_test_failed');
  await failing(port.publish({ version: 'v3', releaseCounter: 3, signedCounter: 9 }), 'artifact_untrusted');
  await failing(port.publish({ version: 'v4', releaseCounter: 4, arch: ['none'] }), 'artifact_incompatible');

  const crashing = port.publish({ version: 'v5', releaseCounter: 5 });
  reconciler.desire(desire(5, champion, crashing));
  await until('active', () => phase() === 'active');
  if (shadow.current) shadow.current = { ...shadow.current, failed: 3, error: 'the worker ended' };
  await until('failed', () => phase() === 'failed');
  t.match(reconciler.shadow(), { code: 'inference_failed', message: 'the worker ended' });
  t.equal(shadow.current, null);
  await until('its files to go', async () => {
    const names = await readdir(join(stateDir, 'artifacts'));
    return !names.includes(modelFile(port, 'v5'));
  });
  t.strictSame(host.swaps, ['v1@1']);
});

t.test('a challenger that takes the process down is not started for ever', async (t) => {
  const { port, stateDir, champion, reconciler, phase, again } = await setUp(t);
  reconciler.desire(desire(2, champion, port.publish({ version: 'v2', releaseCounter: 2 })));
  await until('active', () => phase() === 'active');
  await reconciler.stop();
  // As if each of three starts had ended before it answered.
  const path = join(stateDir, 'state.json');
  const state = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...state, shadow: { ...state.shadow, starts: 3 } }));
  const next = again();
  await next.reconciler.start();
  await until('failed', () => next.phase() === 'failed');
  t.match(next.reconciler.shadow(), { code: 'self_test_failed', message: /3 times/ });
  t.strictSame(next.shadow.sets, ['none']);
  t.equal(next.host.active()?.manifest.version, 'v1');
});

t.test('a server that is away is waited for; without a challenger its files go', async (t) => {
  const { port, stateDir, champion, reconciler, phase, shadow } = await setUp(t);
  const next = port.publish({ version: 'v2', releaseCounter: 2 });
  port.status = 503;
  reconciler.desire(desire(2, champion, next));
  await until('the cause', () => reconciler.shadow()?.code === 'artifact_unreachable');
  t.equal(phase(), 'downloading');
  port.status = null;
  await until('active', () => phase() === 'active');
  t.equal(reconciler.shadow()?.code, undefined);
  reconciler.desire(desire(3, champion, null));
  await until('its end', () => shadow.current === null);
  await until('its files to go', async () => {
    const names = await readdir(join(stateDir, 'artifacts'));
    return !names.includes(modelFile(port, 'v2')) && names.includes(modelFile(port, 'v1'));
  });
});

t.test('a package is fetched beside the champion for a measurement, and kept until it is over', async (t) => {
  const { port, stateDir, host, reconciler, champion } = await setUp(t);
  const asked = port.asked.length;
  t.equal(await reconciler.withModel(champion, async (loaded) => loaded.manifest.version), 'v1');
  t.equal(port.asked.length, asked, 'the running one is there');
  const next = port.publish({ version: 'v2', releaseCounter: 2 });
  const names = await reconciler.withModel(next, async (loaded) => {
    t.equal(loaded.manifest.version, 'v2');
    t.equal((await readFile(loaded.modelPath)).byteLength, 50_000);
    return readdir(join(stateDir, 'artifacts'));
  });
  t.ok(names.includes(modelFile(port, 'v2')));
  t.strictSame(host.swaps, ['v1@1']);
  const fetched = port.artifactsAsked().length;
  reconciler.desire(desire(2, next, null));
  await until('v2', () => host.active()?.releaseCounter === 2);
  t.equal(port.artifactsAsked().length, fetched, 'rolled out afterwards, it is there');
  await t.rejects(
    reconciler.withModel({ ...next, releaseCounter: 9, target: 'models/none' }, async () => undefined),
    { code: 'artifact_untrusted' },
  );
});
