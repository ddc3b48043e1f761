import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@lineside/fleet-server/learning/random';
import { oneAnswerEach } from '@lineside/fleet-server/testing/opinions';
import { findPostgres, startPostgres } from '@lineside/fleet-server/testing/postgres';
import t, { type Test } from 'tap';
import { accountFor, workShift } from '../../src/bench/console/shift.js';
import { storeFrames } from '../../src/bench/console/stored-frames.js';
import { ApiClient } from '../../src/system/api-client.js';
import { chromiumBinary, launchBrowser } from '../../src/system/browser.js';
import { freePort } from '../../src/system/free-port.js';
import { Labeller } from '../../src/system/labeller.js';
import { startServer } from '../../src/system/server.js';

const count = 80;
const restarts = 3;

/** A person labels faster than people do while the server is killed under them; the page goes on by itself. */
async function shift(engine: 'pglite' | 'postgres', t: Test): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), `lineside-shift-${engine}-`));
  const dataDir = join(dir, 'server');
  const postgres = engine === 'postgres' ? await startPostgres() : null;
  const databaseUrl = await postgres?.createDatabase();
  const ports = { api: await freePort(), device: await freePort(), mqtt: await freePort() };
  const start = () => startServer({ dataDir, ports, ...(databaseUrl ? { databaseUrl } : {}) });
  await storeFrames({ dataDir, databaseUrl, count, nowMs: Date.now(), labelledShare: 0 });
  let server = await start();
  const browser = await launchBrowser();
  try {
    const api = new ApiClient(server.ready.apiUrl);
    await api.signInByLink(server.ready.signInUrl ?? '');
    await api.request('PUT', '/label-quality/settings', oneAnswerEach);
    const { user, signInPath } = await api.request<{ user: { email: string }; signInPath: string }>(
      'POST',
      '/users',
      { email: 'operator@shift.example', name: 'Operator', role: 'operator' },
    );
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    const labeller = await Labeller.open(page, new URL(signInPath, server.ready.apiUrl).href);
    const random = seededRandom(5);
    const { elapsedMs, waitsMs, restarted } = await workShift(labeller, {
      ...{ frames: count, restarts, thinkMs: () => 150 + 300 * random() },
      async restart() {
        await server.kill();
        server = await start();
      },
    });
    t.equal(restarted, restarts);
    t.comment(
      `${count} frames in ${Math.round(elapsedMs / 1000)} s, longest wait ${Math.round(Math.max(...waitsMs))} ms`,
    );
    await page.getByTestId('queue-empty').waitFor();
    t.equal(await page.getByTestId('mine-today').textContent(), String(count));
    t.strictSame(complaints, [], 'the page raised no error');
    await browser.close();
    await server.stop();
    t.strictSame(
      await accountFor({ dataDir, url: databaseUrl, author: user.email }, labeller.pressed),
      { lost: 0, double: 0, wrong: 0, unasked: 0 },
      'every frame has one label, which is the key that was pressed for it',
    );
    t.equal(new Set(labeller.pressed.map(([id]) => id)).size, count);
  } finally {
    await browser.close();
    await server.stop();
    await postgres?.stop();
  }
  await rm(dir, { recursive: true, force: true });
}

for (const engine of ['pglite', 'postgres'] as const) {
  const skip = !chromiumBinary()
    ? 'Chromium is not installed: npm run setup:system'
    : engine === 'postgres' && !findPostgres() && 'Postgres is not installed: npm run setup:system';
  t.test(
    `the server is killed ${restarts} times during a shift: no label is lost or given twice (${engine})`,
    { timeout: 300_000, skip },
    (t) => shift(engine, t as Test),
  );
}
