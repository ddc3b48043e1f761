import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DesiredState, ModelTarget } from '@lineside/shared';
import t, { type Test } from 'tap';
import {
  createReconciler,
  type ModelReport,
  type Reconciler,
  type ReconcilerOptions,
} from '../../src/reconcile/reconciler.js';
import { folderOf } from '../helpers/folder.js';
import { until } from '../helpers/until.js';
import { FakeHost } from '../update/fake-host.js';
import { startPort, type TestPort } from '../update/test-port.js';

const probation = { graceMs: 20, minDecisions: 1, maxWaitMs: 100 };
const backoff = { minMs: 5, maxMs: 30 };

interface Device {
  host: FakeHost;
  reports: ModelReport[];
  reconciler: Reconciler;
  phase(): string;
  phases(): string[];
}

function boot(port: TestPort, stateDir: string, options: Partial<ReconcilerOptions> = {}): Device {
  const host = (options.host as FakeHost | undefined) ?? new FakeHost();
  const reports: ModelReport[] = [];
  const reconciler = createReconciler({
    host,
    identity: port.identity,
    stateDir,
    probation,
    backoff,
    onReported: (report) => reports.push(report),
    ...options,
  });
  return {
    host,
    reports,
    reconciler,
    phase: () => reconciler.report().update.phase,
    phases: () => reports.map(({ update }) => update.phase).filter((phase, i, all) => phase !== all[i - 1]),
  };
}

async function setUp(t: Test, options: Partial<ReconcilerOptions> = {}) {
  const port = await startPort();
  const stateDir = folderOf(t);
  const device = boot(port, stateDir, options);
  await device.reconciler.start();
  t.teardown(async () => {
    await device.reconciler.stop();
    await port.close();
  });
  return { port, stateDir, ...device };
}

const desire = (revision: number, model: ModelTarget): DesiredState => ({ v: 1, revision, model });

t.test('a desired model is fetched, verified, tested, swapped in and confirmed, and said so', async (t) => {
  const { port, host, reconciler, phase, phases, reports } = await setUp(t);
  t.equal(phase(), 'idle');
  const model = port.publish({ version: 'v1', releaseCounter: 1 });
  reconciler.desire(desire(3, model));
  await until('confirmed', () => phase() === 'confirmed');
  t.strictSame(phases(), ['idle', 'downloading', 'verifying', 'self_testing', 'active', 'confirmed']);
  t.strictSame(reconciler.report(), {
    desiredRevision: 3,
    model: { version: 'v1', releaseCounter: 1, manifestSha256: model.manifestSha256, variant: 'fp32' },
    update: { phase: 'confirmed', version: 'v1', releaseCounter: 1 },
  });
  t.ok(
    reports.some(({ update }) => update.progress === 1),
    'the download is followed to its end',
  );
  t.equal(host.modelBytes?.byteLength, 50_000);

  const asked = port.asked.length;
  const said = reports.length;
  reconciler.desire(desire(3, { ...model }));
  reconciler.desire(desire(4, { ...model }));
  await until('the new revision', () => reports.at(-1)?.desiredRevision === 4);
  t.equal(port.asked.length, asked, 'the same model again costs nothing');
  t.equal(reports.length, said + 1);
  t.equal(host.swaps.length, 1);
});

t.test('an engine that compiles on the device does so visibly', async (t) => {
  const host = new FakeHost();
  host.phases = ['compiling', 'self_testing'];
  const { port, reconciler, phase, phases } = await setUp(t, { host });
  reconciler.desire(desire(1, port.publish({ version: 'v1', releaseCounter: 1 })));
  await until('confirmed', () => phase() === 'confirmed');
  t.strictSame(phases().slice(2, 6), ['verifying', 'self_testing', 'compiling', 'self_testing']);
});

t.test('after a restart without a network the last good model decides again', async (t) => {
  const { port, stateDir, reconciler, phase } = await setUp(t);
  reconciler.desire(desire(1, port.publish({ version: 'v1', releaseCounter: 1 })));
  await until('confirmed', () => phase() === 'confirmed');
  await reconciler.stop();
  await port.close();
  const next = boot(port, stateDir);
  t.teardown(() => next.reconciler.stop());
  await next.reconciler.start();
  t.equal(next.host.active()?.manifest.version, 'v1');
  t.match(next.reconciler.report(), { desiredRevision: 1, update: { phase: 'confirmed', version: 'v1' } });
});

t.test('a download that is cut goes on where it stopped, also after a restart', async (t) => {
  const { port, stateDir, reconciler, phase } = await setUp(t);
  port.cutAfter = 100_000;
  const model = port.publish({ version: 'big', releaseCounter: 1, bytes: 450_000 });
  reconciler.desire(desire(1, model));
  await until('three pieces', () => port.artifactsAsked().length >= 3);
  await reconciler.stop();
  const next = boot(port, stateDir);
  t.teardown(() => next.reconciler.stop());
  await next.reconciler.start();
  await until('confirmed', () => next.phase() === 'confirmed');
  const starts = port
    .artifactsAsked()
    .filter(({ path }) => path.endsWith(port.manifest('big').variants[0]?.file.sha256 ?? '-'));
  t.equal(starts.filter(({ range }) => range === undefined).length, 1, 'its first byte was sent once');
  t.ok(starts.length >= 5);
  t.ok(
    next.host.modelBytes?.equals(
      port.blobs.get(port.manifest('big').variants[0]?.file.sha256 ?? '') ?? Buffer.alloc(0),
    ),
  );
  t.notOk(next.phases().includes('failed'), 'a flapping link is no failure');
  t.equal(phase(), 'downloading');
});

t.test(
  'a flipped byte is refused and fetched once more; when it stays flipped the old model stays',
  async (t) => {
    const { port, host, reconciler, phase, stateDir } = await setUp(t);
    reconciler.desire(desire(1, port.publish({ version: 'v1', releaseCounter: 1 })));
    await until('v1', () => phase() === 'confirmed');
    const model = port.publish({ version: 'v2', releaseCounter: 2 });
    const sha256 = port.manifest('v2').variants[0]?.file.sha256 ?? '';
    const flipped = Buffer.from(port.blobs.get(sha256) ?? '');
    flipped[1234] = (flipped[1234] ?? 0) ^ 1;
    port.blobs.set(sha256, flipped);
    reconciler.desire(desire(2, model));
    await until('failed', () => phase() === 'failed');
    t.match(reconciler.report(), {
      model: { version: 'v1' },
      update: { code: 'artifact_corrupt', version: 'v2' },
    });
    t.equal(
      port.artifactsAsked().filter(({ path }) => path.endsWith(sha256)).length,
      2,
      'twice, then no more',
    );
    t.strictSame(host.swaps, ['v1@1']);
    t.notOk((await readdir(join(stateDir, 'artifacts'))).some((name) => name.endsWith('.part')));
  },
);

t.test('a lower release counter is refused, also after a restart', async (t) => {
  const { port, stateDir, host, reconciler, phase } = await setUp(t);
  const old = port.publish({ version: 'v1', releaseCounter: 4 });
  reconciler.desire(desire(1, port.publish({ version: 'v2', releaseCounter: 5 })));
  await until('confirmed', () => phase() === 'confirmed');
  reconciler.desire(desire(2, old));
  await until('failed', () => phase() === 'failed');
  t.match(reconciler.report(), { model: { version: 'v2' }, update: { code: 'artifact_rollback' } });
  await reconciler.stop();
  const next = boot(port, stateDir);
  t.teardown(() => next.reconciler.stop());
  await next.reconciler.start();
  await until('still failed', () => next.phase() === 'failed');
  t.equal(next.host.active()?.manifest.version, 'v2');
  t.strictSame([...host.swaps, ...next.host.swaps], ['v2@5', 'v2@5']);
});

t.test('going back is the old content under a new counter, without a download', async (t) => {
  const { port, host, reconciler, phase } = await setUp(t);
  reconciler.desire(desire(1, port.publish({ version: 'v1', releaseCounter: 1 })));
  await until('v1', () => phase() === 'confirmed');
  reconciler.desire(desire(2, port.publish({ version: 'v2', releaseCounter: 2 })));
  await until('v2', () => phase() === 'confirmed' && host.active()?.manifest.version === 'v2');
  const asked = port.artifactsAsked().length;
  reconciler.desire(desire(3, port.publish({ version: 'v1', releaseCounter: 3 })));
  await until('v1 again', () => phase() === 'confirmed' && host.active()?.releaseCounter === 3);
  t.equal(host.active()?.manifest.version, 'v1');
  t.equal(port.artifactsAsked().length, asked);
});

t.test('only what the signed repository vouches for is installed', async (t) => {
  const { port, host, reconciler, phase } = await setUp(t);
  const unknown = {
    ...port.publish({ version: 'v1', releaseCounter: 1 }),
    target: 'models/parts/v1/9/manifest.json',
  };
  reconciler.desire(desire(1, unknown));
  await until('unknown target', () => phase() === 'failed');
  t.match(reconciler.report().update, { code: 'artifact_untrusted' });

  const other = { ...port.publish({ version: 'v1', releaseCounter: 1 }), manifestSha256: 'f'.repeat(64) };
  reconciler.desire(desire(2, other));
  await until('other hash', () => reconciler.report().desiredRevision === 2 && phase() === 'failed');
  t.match(reconciler.report().update, { code: 'artifact_untrusted' });

  reconciler.desire(desire(3, port.publish({ version: 'v3', releaseCounter: 3, signedCounter: 2 })));
  await until('other counter', () => reconciler.report().update.version === 'v3' && phase() === 'failed');
  t.match(reconciler.report().update, { code: 'artifact_untrusted', message: /signed for release 2/ });

  const forged = port.publish({ version: 'v4', releaseCounter: 4 });
  port.repository.publish({ forged: true });
  reconciler.desire(desire(4, forged));
  await until('forged', () => reconciler.report().update.version === 'v4' && phase() === 'failed');
  t.match(reconciler.report().update, { code: 'artifact_untrusted' });
  t.strictSame(host.swaps, []);
});

t.test('expired metadata is said to be expired, and the update goes on when it is signed anew', async (t) => {
  const { port, reconciler, phase } = await setUp(t);
  const model = port.publish({ version: 'v1', releaseCounter: 1 });
  port.repository.publish({ days: -1 });
  reconciler.desire(desire(1, model));
  await until('the failure', () => reconciler.report().update.code !== undefined);
  t.match(reconciler.report().update, { phase: 'downloading', code: 'artifact_expired', version: 'v1' });
  port.repository.publish();
  await until('confirmed', () => phase() === 'confirmed');
  t.equal(reconciler.report().update.code, undefined);
});

t.test('a model that fails its self-test leaves the old one deciding until another revision', async (t) => {
  const { port, host, reconciler, phase } = await setUp(t);
  reconciler.desire(desire(1, port.publish({ version: 'v1', releaseCounter: 1 })));
  await until('v1', () => phase() === 'confirmed');
  host.bad.add('v2');
  const model = port.publish({ version: 'v2', releaseCounter: 2 });
  reconciler.desire(desire(2, model));
  await until('failed', () => phase() === 'failed');
  t.match(reconciler.report(), {
    model: { version: 'v1' },
    update: { code: 'self_test_failed', version: 'v2', message: 'golden frame 0' },
  });
  t.strictSame(host.swaps, ['v1@1', 'v2@2'], 'tried once');
  host.bad.clear();
  reconciler.desire(desire(3, model));
  await until('v2', () => phase() === 'confirmed');
  t.equal(host.active()?.manifest.version, 'v2');
});

t.test('a model that fails on real frames is taken back', async (t) => {
  const counters = { decided: 0, errors: 0 };
  const { port, host, reconciler, phase } = await setUp(t, { vitals: () => ({ ...counters }) });
  const ticking = setInterval(() => {
    if (host.active()?.manifest.version === 'v2') counters.errors++;
    else counters.decided++;
  }, 2);
  t.teardown(() => clearInterval(ticking));
  reconciler.desire(desire(1, port.publish({ version: 'v1', releaseCounter: 1 })));
  await until('v1', () => phase() === 'confirmed');
  reconciler.desire(desire(2, port.publish({ version: 'v2', releaseCounter: 2 })));
  await until('failed', () => phase() === 'failed');
  t.match(reconciler.report(), { model: { version: 'v1' }, update: { code: 'inference_failed' } });
});

t.test('a package for other hardware is refused', async (t) => {
  const { port, reconciler, phase } = await setUp(t, { arch: 'arm64' });
  reconciler.desire(desire(1, port.publish({ version: 'v1', releaseCounter: 1, arch: ['x64'] })));
  await until('failed', () => phase() === 'failed');
  t.equal(reconciler.report().update.code, 'artifact_incompatible');
});

t.test('a server that is away is tried again, and said to be away when it stays away', async (t) => {
  const { port, reconciler, phase, phases } = await setUp(t);
  const model = port.publish({ version: 'v1', releaseCounter: 1 });
  port.status = 503;
  reconciler.desire(desire(1, model));
  await until('the failure', () => reconciler.report().update.code !== undefined);
  t.match(reconciler.report().update, { phase: 'downloading', code: 'artifact_unreachable' });
  port.status = null;
  await until('confirmed', () => phase() === 'confirmed');
  t.notOk(phases().includes('failed'), 'what is tried again has not failed');
});

t.test('a newer desired model takes over in the middle of a download', async (t) => {
  const { port, host, reconciler, phase } = await setUp(t);
  port.pieceDelayMs = 20;
  reconciler.desire(desire(1, port.publish({ version: 'slow', releaseCounter: 1, bytes: 8_000_000 })));
  await until('the download', () => port.artifactsAsked().length === 1);
  port.pieceDelayMs = 0;
  const next = port.publish({ version: 'v2', releaseCounter: 2 });
  reconciler.desire(desire(2, next));
  await until('v2', () => phase() === 'confirmed');
  t.strictSame(host.swaps, ['v2@2']);
});

t.test('an agent that is stopped at any step goes on from there', async (t) => {
  const port = await startPort();
  t.teardown(() => port.close());
  const stateDir = folderOf(t);
  const model = port.publish({ version: 'v1', releaseCounter: 1 });
  port.pieceDelayMs = 3;
  for (const stopAt of ['downloading', 'verifying', 'self_testing', 'active']) {
    const device = boot(port, stateDir, { probation: { graceMs: 60_000 } });
    await device.reconciler.start();
    device.reconciler.desire(desire(1, model));
    await until(stopAt, () => device.phases().includes(stopAt));
    await device.reconciler.stop();
    t.notOk(device.phases().includes('failed'));
  }
  const last = boot(port, stateDir);
  t.teardown(() => last.reconciler.stop());
  await last.reconciler.start();
  await until('confirmed', () => last.phase() === 'confirmed');
  const whole = port.artifactsAsked().filter(({ range }) => range === undefined);
  t.ok(whole.length <= 3, 'nothing that was complete is fetched again');
});

t.test('files that were altered on the disk are not loaded but fetched again', async (t) => {
  const { port, stateDir, reconciler, phase } = await setUp(t);
  reconciler.desire(desire(1, port.publish({ version: 'v1', releaseCounter: 1 })));
  await until('v1', () => phase() === 'confirmed');
  reconciler.desire(desire(2, port.publish({ version: 'v2', releaseCounter: 2 })));
  await until('v2', () => reconciler.report().model?.version === 'v2' && phase() === 'confirmed');
  await reconciler.stop();
  const path = join(stateDir, 'artifacts', port.manifest('v2').variants[0]?.file.sha256 ?? '');
  const data = await readFile(path);
  data[7] = (data[7] ?? 0) ^ 1;
  await writeFile(path, data);
  const next = boot(port, stateDir);
  t.teardown(() => next.reconciler.stop());
  await next.reconciler.start();
  t.equal(next.host.active()?.manifest.version, 'v1', 'the one before it decides meanwhile');
  await until(
    'v2 again',
    () => next.host.active()?.manifest.version === 'v2' && next.phase() === 'confirmed',
  );
});

t.test('metadata that a power cut tore is started again from the first root', async (t) => {
  const { port, stateDir, reconciler, phase, host } = await setUp(t);
  reconciler.desire(desire(1, port.publish({ version: 'v1', releaseCounter: 1 })));
  await until('v1', () => phase() === 'confirmed');
  for (const name of ['root', 'timestamp', 'snapshot', 'targets']) {
    await writeFile(join(stateDir, 'tuf', `${name}.json`), '{"signed":');
  }
  reconciler.desire(desire(2, port.publish({ version: 'v2', releaseCounter: 2 })));
  await until('v2', () => host.active()?.releaseCounter === 2 && phase() === 'confirmed');
});

t.test('a model that takes the process down is given up after a few starts', async (t) => {
  const port = await startPort();
  t.teardown(() => port.close());
  const stateDir = folderOf(t);
  const v1 = boot(port, stateDir);
  await v1.reconciler.start();
  v1.reconciler.desire(desire(1, port.publish({ version: 'v1', releaseCounter: 1 })));
  await until('v1', () => v1.phase() === 'confirmed');
  await v1.reconciler.stop();
  const model = port.publish({ version: 'v2', releaseCounter: 2 });
  // As if each of three starts had ended while it was loaded.
  const path = join(stateDir, 'state.json');
  const state = JSON.parse(await readFile(path, 'utf8'));
  const { releaseCounter, manifestSha256 } = model;
  await writeFile(path, JSON.stringify({ ...state, trial: { releaseCounter, manifestSha256, starts: 3 } }));
  const next = boot(port, stateDir);
  t.teardown(() => next.reconciler.stop());
  await next.reconciler.start();
  next.reconciler.desire(desire(2, model));
  await until('failed', () => next.phase() === 'failed');
  t.match(next.reconciler.report(), {
    model: { version: 'v1' },
    update: { code: 'self_test_failed', message: /3 times/ },
  });
  t.strictSame(next.host.swaps, ['v1@1']);
});

t.test('the desired policy is handed on, also after a restart, and its end too', async (t) => {
  const policies: object[] = [];
  const onPolicy = (policy: object) => policies.push(policy);
  const { port, stateDir, reconciler, reports } = await setUp(t, { onPolicy });
  reconciler.desire({ v: 1, revision: 1, policy: { auditShare: 0.5 } });
  await until('acted on', () => reports.at(-1)?.desiredRevision === 1);
  await reconciler.stop();
  const next = boot(port, stateDir, { onPolicy });
  t.teardown(() => next.reconciler.stop());
  await next.reconciler.start();
  next.reconciler.desire({ v: 1, revision: 2 });
  t.strictSame(policies, [{ auditShare: 0.5 }, { auditShare: 0.5 }, {}]);
});

t.test('old packages are deleted: the confirmed one and the one before it stay', async (t) => {
  const { port, stateDir, reconciler, host, phase } = await setUp(t);
  for (let i = 1; i <= 4; i++) {
    reconciler.desire(desire(i, port.publish({ version: `v${i}`, releaseCounter: i, reference: i === 4 })));
    await until(`v${i}`, () => host.active()?.releaseCounter === i && phase() === 'confirmed');
  }
  await reconciler.stop();
  const kept = ['v3', 'v4'].flatMap((version) => {
    const { variants, golden, reference } = port.manifest(version);
    return [variants[0]?.file.sha256 ?? '', golden.sha256, ...(reference ? [reference.sha256] : [])];
  });
  const names = await readdir(join(stateDir, 'artifacts'));
  t.equal(names.length, 7);
  for (const sha256 of kept) t.ok(names.includes(sha256));
});

t.test('while the plant holds updates all is made ready, and nothing is exchanged', async (t) => {
  const hold = { held: false, change: () => {} };
  const holding = {
    get held() {
      return hold.held;
    },
    onChange(listener: () => void) {
      hold.change = listener;
    },
  };
  const set = (held: boolean) => {
    hold.held = held;
    hold.change();
  };
  const { port, host, reconciler, phase, phases } = await setUp(t, { hold: holding });
  reconciler.desire(desire(1, port.publish({ version: 'v1', releaseCounter: 1 })));
  await until('the first model', () => phase() === 'confirmed');

  set(true);
  reconciler.desire(desire(2, port.publish({ version: 'v2', releaseCounter: 2 })));
  await until('it waits', () => phase() === 'held');
  t.match(reconciler.report(), {
    model: { version: 'v1' },
    update: { phase: 'held', version: 'v2', releaseCounter: 2 },
  });
  const asked = port.asked.length;
  set(false);
  await until('it goes on', () => phase() === 'confirmed');
  t.match(host.active(), { releaseCounter: 2 });
  t.equal(port.asked.length, asked, 'nothing was fetched any more');
  t.strictSame(phases().slice(-6), ['verifying', 'held', 'verifying', 'self_testing', 'active', 'confirmed']);
});
