import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { usualGate } from '@lineside/fleet-server/features/rollouts/plan';
import { seededRandom } from '@lineside/fleet-server/learning/random';
import { findPostgres, startPostgres } from '@lineside/fleet-server/testing/postgres';
import { enrol, newCsr } from '@lineside/fleet-server/testing/test-device';
import { decodeMessage, EnrolResponse } from '@lineside/shared';
import t, { type Test } from 'tap';
import { ApiClient, ApiError } from '../../src/system/api-client.js';
import { Cable } from '../../src/system/cable.js';
import { freePort } from '../../src/system/free-port.js';
import { startServer } from '../../src/system/server.js';
import { until } from '../../src/system/until.js';
import { Follower } from './follower.js';

/** 50 for the whole suite of faults; each takes the start of a server. */
const kills = Number(process.env.LINESIDE_ROLLOUT_KILLS ?? 4);
const size = 8;
/** Longer than either end waits for the other. */
const silentMs = 4000;

const groups = Array.from({ length: size / 2 }, (_, index) => ({
  name: `Group ${index + 1}`,
  size: index === size / 2 - 1 ? { kind: 'rest' as const } : { kind: 'devices' as const, devices: 2 },
  gate: { ...usualGate, offlineSeconds: 3600, soakSeconds: 1 },
}));

/** Repeats a request until a server answers it. */
async function surely<T>(request: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (error instanceof ApiError && error.status < 500) throw error;
      await delay(100);
    }
  }
}

/** The network of one device after another breaks, or falls silent for a while, until `over` says that it is enough. */
async function cutCables(
  cables: readonly Cable[],
  random: () => number,
  over: () => boolean,
): Promise<number> {
  const silent = new Set<Promise<void>>();
  let cuts = 0;
  for (; !over(); cuts++) {
    await delay(100 + random() * 400);
    const cable = cables[Math.floor(random() * cables.length)] as Cable;
    if (random() < 0.5) {
      cable.cut();
      continue;
    }
    cable.silence();
    const mended = delay(random() * silentMs).then(() => cable.mend());
    silent.add(mended);
    void mended.then(() => silent.delete(mended));
  }
  await Promise.all(silent);
  return cuts;
}

async function killed(engine: 'pglite' | 'postgres', dir: string, t: Test): Promise<void> {
  const postgres = engine === 'postgres' ? await startPostgres() : null;
  const database = postgres ? { databaseUrl: await postgres.createDatabase() } : {};
  const ports = { api: await freePort(), device: await freePort(), mqtt: await freePort() };
  const start = () => startServer({ dataDir: join(dir, 'server'), ports, ...database });
  let server = await start();
  const fleet: Follower[] = [];
  const cables: Cable[] = [];
  let tick = 0;
  let over = false;
  let cutting: Promise<number> | null = null;
  try {
    const api = new ApiClient(server.ready.apiUrl);
    await api.signInByLink(server.ready.signInUrl ?? '');
    for (const name of ['dark', 'light']) await api.createClass(name);
    for (let index = 0; index < size; index++) {
      const { token, enrolUrl } = await api.createClaimToken(`box-${index}`);
      const { keyPem, csrPem } = await newCsr();
      const answer = await enrol(enrolUrl, token, csrPem);
      const { v: _, ...identity } = decodeMessage(EnrolResponse, answer.body);
      const cable = await Cable.lay(ports.mqtt);
      cables.push(cable);
      const mqttUrl = `mqtts://127.0.0.1:${cable.port}`;
      fleet.push(new Follower({ keyPem, ...identity, mqttUrl }, dir, () => ++tick));
    }
    const byId = new Map(fleet.map((each) => [each.identity.deviceId, each]));
    await until(
      'the first model everywhere',
      async () => (await api.listRollouts()).some(({ state }) => state === 'finished'),
      { timeoutMs: 180_000, everyMs: 200 },
    );
    const model = (await api.listModels())[0]?.id ?? '';

    const random = seededRandom(3);
    const rolledOut: string[] = [];
    let kill = 0;
    cutting = cutCables(cables, seededRandom(4), () => over);
    while (kill < kills || rolledOut.length === 0) {
      const staged = await surely(async () => {
        const known = (await api.listRollouts()).find(
          ({ id, strategy }) => strategy.kind === 'staged' && !rolledOut.includes(id),
        );
        return known ?? (await api.createRollout(model, { kind: 'staged', groups }, false));
      });
      await surely(async () => {
        const { rollout } = await api.getRollout(staged.id);
        return rollout.state === 'ready' ? api.rolloutAction(staged.id, 'start') : rollout;
      });
      rolledOut.push(staged.id);
      for (;;) {
        if (kill < kills) {
          await delay(random() * 700);
          await server.kill();
          kill++;
          server = await start();
        }
        const { rollout } = await surely(() => api.getRollout(staged.id));
        if (rollout.state === 'finished') break;
        if (rollout.state !== 'running') throw new Error(`${rollout.state}: ${rollout.reason}`);
        if (kill === kills) await delay(100);
      }
    }
    over = true;
    const cuts = await cutting;

    for (const id of rolledOut) {
      const { rollout, executions } = await surely(() => api.getRollout(id));
      const { releaseCounter } = rollout;
      t.ok(
        executions.every(({ state }) => state === 'confirmed'),
        'nobody is forgotten',
      );
      t.ok(rollout.groups.every(({ state, devices }) => state === 'finished' && devices === 2));
      for (const { deviceId } of executions) {
        t.equal(byId.get(deviceId)?.told.get(releaseCounter)?.size, 1, 'each device is told once');
      }
      const last = (group: number, pick: (...times: number[]) => number) =>
        pick(
          ...executions
            .filter((each) => each.group === group)
            .map(({ deviceId }) => byId.get(deviceId)?.confirmedAt.get(releaseCounter) ?? Number.NaN),
        );
      for (let group = 1; group < groups.length; group++) {
        t.ok(last(group - 1, Math.max) < last(group, Math.min), 'a group waits for the one before');
      }
    }
    t.same(
      fleet.flatMap(({ unsigned }) => unsigned),
      [],
      'nobody is told of a model that is not signed',
    );
    const connections = fleet.reduce((sum, each) => sum + each.connections, 0);
    t.comment(
      `${kill} kills and ${cuts} cuts during ${rolledOut.length} rollouts; ${connections} connections`,
    );
  } finally {
    over = true;
    await cutting?.catch(() => {});
    await Promise.all(fleet.map((each) => each.stop()));
    await Promise.all(cables.map((cable) => cable.remove()));
    await server.stop();
    await postgres?.stop();
  }
}

for (const engine of ['pglite', 'postgres'] as const) {
  t.test(
    `a server killed ${kills} times, and its broker with it, on a network that breaks: no group starts twice, ` +
      `nobody is forgotten, nothing unsigned runs (${engine})`,
    {
      timeout: 180_000 + kills * 30_000,
      skip:
        engine === 'postgres' && !findPostgres() ? 'Postgres is not installed: npm run setup:system' : false,
    },
    async (t) => {
      const dir = await mkdtemp(join(tmpdir(), 'lineside-kills-'));
      await killed(engine, dir, t as Test);
      await rm(dir, { recursive: true, force: true, maxRetries: 3 });
    },
  );
}
