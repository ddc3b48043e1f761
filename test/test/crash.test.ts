import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '@lineside/fleet-server/learning/random';
import { findPostgres, startPostgres } from '@lineside/fleet-server/testing/postgres';
import sharp from 'sharp';
import t, { type Test } from 'tap';
import { type RunningAgent, startAgent } from '../src/system/agent.js';
import { ApiClient, ApiError } from '../src/system/api-client.js';
import { freePort } from '../src/system/free-port.js';
import { type RunningServer, startServer } from '../src/system/server.js';
import { until } from '../src/system/until.js';

const kills = 50;
const agents = 2;
const filesPerKill = 6;

/** A power cut at a random moment, dozens of times, while frames flow, are labelled, train a model and roll it out. */
async function crashes(engine: 'pglite' | 'postgres', dir: string, t: Test): Promise<void> {
  const random = seededRandom(engine === 'pglite' ? 11 : 12);
  const postgres = engine === 'postgres' ? await startPostgres() : null;
  const ports = { api: await freePort(), device: await freePort(), mqtt: await freePort() };
  const database = postgres ? { databaseUrl: await postgres.createDatabase() } : {};
  const start = () => startServer({ dataDir: join(dir, 'server'), ports, ...database });
  let server: RunningServer = await start();
  const cameras: RunningAgent[] = [];
  const password = randomUUID();
  const api = new ApiClient(server.ready.apiUrl);
  let streaming = true;
  try {
    await api.signInByLink(server.ready.signInUrl ?? '');
    await api.setPassword(password);
    for (const name of ['dark', 'light']) await api.createClass(name);
    for (let index = 0; index < agents; index++) {
      const name = `camera-${index}`;
      const { token, enrolUrl } = await api.createClaimToken(name);
      const folder = join(dir, name, 'incoming');
      await mkdir(folder, { recursive: true });
      cameras.push(
        await startAgent({
          name,
          dir: join(dir, name),
          enrolUrl,
          claimToken: token,
          settings: settingsOf(join(dir, name)),
        }),
      );
    }
    await until(
      'both cameras to run the first model',
      async () => {
        const devices = await api.listDevices();
        return (
          devices.length === agents &&
          devices.every((device) => device.reported?.update.phase === 'confirmed')
        );
      },
      { timeoutMs: 120_000 },
    );

    const dropped: string[] = [];
    const operator = operate(api, () => streaming);
    // Told where it is awaited.
    operator.catch(() => {});
    for (let kill = 0; kill < kills; kill++) {
      for (let index = 0; index < filesPerKill; index++) dropped.push(await drop(dir, kill, index, random));
      await delay(random() * 700);
      if (random() < 0.5) {
        await server.kill();
        server = await start();
      } else {
        const victim = Math.floor(random() * agents);
        const camera = cameras[victim] as RunningAgent;
        await camera.kill();
        cameras[victim] = await startAgent({
          name: camera.name,
          dir: camera.dir,
          enrolUrl: camera.enrolUrl,
          claimToken: camera.claimToken,
          settings: settingsOf(camera.dir),
        });
      }
    }
    streaming = false;
    const outcome = await operator;

    const stored = await until(
      `${dropped.length} frames`,
      async () => {
        const sources: string[] = [];
        for await (const frame of api.listFrames()) sources.push(frame.source ?? '');
        return sources.length >= dropped.length ? sources : null;
      },
      { timeoutMs: 120_000, everyMs: 500 },
    );
    t.equal(new Set(stored).size, stored.length, 'no picture is stored twice');
    t.strictSame([...stored].sort(), [...dropped].sort(), 'every picture that a camera saw is stored');
    for (const camera of cameras) {
      await until(
        'the folder to be empty',
        async () => (await readdir(join(camera.dir, 'incoming'))).length === 0,
      );
    }
    t.ok(outcome.labels > 0, `${outcome.labels} labels were given meanwhile`);
    const { labelled } = await api.countFrames();
    t.equal(labelled, outcome.labels, 'each label that was acknowledged stands, once');
    t.ok(outcome.models > 0, `${outcome.models} models were trained and rolled out meanwhile`);
    await until(
      'both cameras to be confirmed on the same model',
      async () => {
        const devices = await api.listDevices();
        const versions = new Set(devices.map((device) => device.reported?.model?.version));
        return (
          versions.size === 1 &&
          devices.every((device) => device.online && device.reported?.update.phase === 'confirmed')
        );
      },
      { timeoutMs: 120_000 },
    );
    t.equal((await api.countFrames()).quarantined, 0, 'nothing was half sent');
  } finally {
    streaming = false;
    await Promise.all(cameras.map((camera) => camera.stop()));
    await server.stop();
    await postgres?.stop();
  }
}

const settingsOf = (dir: string) => ({
  cameras: [
    {
      id: 'cam0',
      source: { kind: 'folder', path: join(dir, 'incoming'), mode: 'watch', afterwards: 'delete' },
    },
  ],
  policy: { auditShare: 1 },
  telemetryIntervalMs: 500,
});

/** A dark or a light picture, renamed into one camera's folder; its name tells which. */
async function drop(dir: string, kill: number, index: number, random: () => number): Promise<string> {
  const camera = `camera-${index % agents}`;
  const light = random() < 0.5;
  const name = `${light ? 'light' : 'dark'}-${String(kill).padStart(3, '0')}-${index}.jpg`;
  const pixels = Buffer.from(
    Array.from({ length: 64 * 64 * 3 }, () => Math.floor((light ? 150 : 0) + random() * 100)),
  );
  const temporary = join(dir, camera, name);
  await writeFile(
    temporary,
    await sharp(pixels, { raw: { width: 64, height: 64, channels: 3 } })
      .jpeg()
      .toBuffer(),
  );
  await rename(temporary, join(dir, camera, 'incoming', name));
  return name;
}

/** Labels, trains and rolls out for as long as frames flow; whatever fails because the server died is done again. */
async function operate(api: ApiClient, going: () => boolean): Promise<{ labels: number; models: number }> {
  let labels = 0;
  let models = 0;
  /** Repeats a request until the server answers it: the request id makes a repeated answer count once. */
  const surely = async <T>(request: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await request();
      } catch (error) {
        if (error instanceof ApiError && error.status < 500) throw error;
        await delay(200);
      }
    }
  };
  while (going() || models === 0) {
    const { items } = await surely(() => api.lease(4));
    for (const { frame, token } of items) {
      const classId = frame.source?.split('-')[0] ?? '';
      const answer = {
        requestId: randomUUID(),
        frameId: frame.id,
        token,
        answer: { kind: 'class' as const, classId },
      };
      await surely(() => api.answer(answer));
      labels++;
    }
    if (labels > 20 * (models + 1)) {
      const { id } = await surely(() => api.startTraining({ mode: 'head' }));
      const run = await until(
        'training',
        async () => {
          const now = await surely(() => api.getTraining(id));
          return now.state === 'queued' || now.state === 'running' ? null : now;
        },
        { timeoutMs: 300_000 },
      );
      // A run that was cut off too often is given up, and started again like anything else that failed.
      if (run.state !== 'succeeded' || !run.modelVersionId) continue;
      const version = run.modelVersionId;
      const rollout = await surely(async () => {
        const known = (await api.listRollouts()).find((entry) => entry.modelVersionId === version);
        return known ?? api.createRollout(version, { kind: 'all_at_once' });
      });
      await until(
        'the rollout',
        async () => {
          const { state, reason } = (await surely(() => api.getRollout(rollout.id))).rollout;
          if (state !== 'running' && state !== 'finished') throw new Error(`rollout ${state}: ${reason}`);
          return state === 'finished';
        },
        { timeoutMs: 300_000 },
      );
      models++;
    }
    await delay(100);
  }
  return { labels, models };
}

for (const engine of ['pglite', 'postgres'] as const) {
  const missing = engine === 'postgres' && !findPostgres();
  t.test(
    `${kills} power cuts of agents and server on ${engine} lose nothing and double nothing`,
    { timeout: 900_000, ...(missing ? { skip: 'Postgres is not installed: npm run setup:system' } : {}) },
    async (t) => {
      const dir = await mkdtemp(join(tmpdir(), 'lineside-crash-'));
      try {
        await crashes(engine, dir, t);
        await rm(dir, { recursive: true, force: true });
      } catch (error) {
        t.comment(`the working folder is ${dir}`);
        throw error;
      }
    },
  );
}
