import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { createReconciler } from '../../src/reconcile/reconciler.js';
import { folderOf } from '../helpers/folder.js';
import { until } from '../helpers/until.js';
import { FakeHost } from '../update/fake-host.js';
import { startPort } from '../update/test-port.js';

const program = fileURLToPath(new URL('./reconciling-process.js', import.meta.url));
const rounds = 15;

t.test(
  `an update survives SIGKILL, ${rounds} times at a random moment, and never loses the last good model`,
  async (t) => {
    const port = await startPort();
    t.teardown(() => port.close());
    port.pieceDelayMs = 2;
    const dir = folderOf(t, { state: {} });
    const stateDir = join(dir, 'state');
    const jobFile = join(dir, 'job.json');
    const seen = new Set<string>();
    let confirmed = 0;
    let current = 1;
    let model = port.publish({ version: 'v1', releaseCounter: 1, bytes: 400_000 });
    for (let round = 0; round < rounds; round++) {
      if (confirmed === current) {
        current++;
        model = port.publish({ version: `v${current}`, releaseCounter: current, bytes: 400_000 });
      }
      const job = { identity: port.identity, desired: { v: 1, revision: current, model } };
      await writeFile(jobFile, JSON.stringify(job));
      const child = spawn(process.execPath, [program, stateDir, jobFile], {
        env: {},
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exited = once(child, 'exit');
      const lines = createInterface({ input: child.stdout });
      const closed = once(lines, 'close');
      lines.on('line', (line) => {
        const [phase = '', version = ''] = line.split(' ');
        seen.add(phase);
        if (phase === 'confirmed') confirmed = Math.max(confirmed, Number(version.slice(1)));
        if (phase !== 'started') return;
        if (confirmed > 0) t.ok(Number(version.slice(1)) >= confirmed, `${version} decides from the start`);
        setTimeout(() => child.kill('SIGKILL'), Math.random() * 350);
      });
      await Promise.all([exited, closed]);
    }
    t.notOk(seen.has('failed'), [...seen].join(' '));
    const host = new FakeHost();
    const reconciler = createReconciler({
      host,
      identity: port.identity,
      stateDir,
      probation: { graceMs: 10 },
      onReported: () => undefined,
    });
    t.teardown(() => reconciler.stop());
    await reconciler.start();
    await until(
      'the end',
      () =>
        reconciler.report().model?.releaseCounter === current &&
        reconciler.report().update.phase === 'confirmed',
    );
    const sha256 = port.manifest(`v${current}`).variants[0]?.file.sha256 ?? '';
    t.ok(host.modelBytes?.equals(port.blobs.get(sha256) ?? Buffer.alloc(0)));
  },
);
