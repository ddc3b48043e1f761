import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { usualGate } from '@lineside/fleet-server/features/rollouts/plan';
import { seededRandom } from '@lineside/fleet-server/learning/random';
import { reportedState } from '@lineside/fleet-server/testing/reported';
import { enrol, type Identity, newCsr, TestDevice } from '@lineside/fleet-server/testing/test-device';
import {
  decodeMessage,
  EnrolResponse,
  encodeMessage,
  type ModelTarget,
  ReportedState,
} from '@lineside/shared';
import t from 'tap';
import { ApiClient, ApiError } from '../../src/system/api-client.js';
import { freePort } from '../../src/system/free-port.js';
import { startServer } from '../../src/system/server.js';
import { until } from '../../src/system/until.js';

/** 50 for the whole suite of faults; each takes the start of a server. */
const kills = Number(process.env.LINESIDE_ROLLOUT_KILLS ?? 4);
const size = 8;

/** A device that does what it is told, through whatever becomes of the server, and notes what it was told. */
class Follower {
  /** Revisions of the desired state by the release they named first, in the order in which they came. */
  readonly told = new Map<number, Set<number>>();
  readonly confirmedAt = new Map<number, number>();
  readonly #stopping = new AbortController();
  #running: ModelTarget | null = null;
  readonly #done: Promise<void>;

  constructor(
    readonly identity: Identity,
    readonly clock: () => number,
  ) {
    this.#done = this.#live();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
  }

  async #live(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const device = await TestDevice.connect(this.identity).catch(() => null);
      if (device) {
        await this.#follow(device).catch(() => {});
        await device.close().catch(() => {});
      }
      await delay(100);
    }
  }

  async #follow(device: TestDevice): Promise<void> {
    let seen = 0;
    while (device.client.connected && !this.#stopping.signal.aborted) {
      const desired = device.desired[seen];
      if (!desired?.model) {
        if (desired) seen++;
        await delay(20);
        continue;
      }
      const { version, releaseCounter, manifestSha256 } = desired.model;
      const revisions = this.told.get(releaseCounter) ?? new Set();
      if (revisions.size === 0) this.told.set(releaseCounter, revisions.add(desired.revision));
      revisions.add(desired.revision);
      this.#running = desired.model;
      const reported = reportedState({
        ...{ at: Date.now(), desiredRevision: desired.revision },
        model: { version, releaseCounter, manifestSha256, variant: 'fp32' },
        update: { phase: 'confirmed', version, releaseCounter },
      });
      if (!this.confirmedAt.has(releaseCounter)) this.confirmedAt.set(releaseCounter, this.clock());
      // A server that ends takes it again from the next connection, which begins with the desired state.
      await Promise.race([
        device.publish('reported', encodeMessage(ReportedState, reported)),
        new Promise((_, reject) => device.client.once('close', () => reject(new Error('closed')))),
      ]);
      seen++;
    }
  }

  get running(): number | null {
    return this.#running?.releaseCounter ?? null;
  }
}

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

t.test(
  `a server that is killed ${kills} times during staged rollouts starts no group twice and forgets nobody`,
  { timeout: 120_000 + kills * 30_000 },
  async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'lineside-kills-'));
    const ports = { api: await freePort(), device: await freePort(), mqtt: await freePort() };
    const start = () => startServer({ dataDir: join(dir, 'server'), ports });
    let server = await start();
    const fleet: Follower[] = [];
    let tick = 0;
    try {
      const api = new ApiClient(server.ready.apiUrl);
      await api.signInByLink(server.ready.signInUrl ?? '');
      for (const name of ['dark', 'light']) await api.createClass(name);
      for (let index = 0; index < size; index++) {
        const { token, enrolUrl } = await api.createClaimToken(`box-${index}`);
        const { keyPem, csrPem } = await newCsr();
        const { v: _, ...identity } = decodeMessage(
          EnrolResponse,
          (await enrol(enrolUrl, token, csrPem)).body,
        );
        fleet.push(new Follower({ keyPem, ...identity }, () => ++tick));
      }
      const byId = new Map(fleet.map((each) => [each.identity.deviceId, each]));
      await until('the first model everywhere', () => fleet.every(({ running }) => running !== null), {
        timeoutMs: 180_000,
      });
      const model = (await api.listModels())[0]?.id ?? '';

      const random = seededRandom(3);
      const groups = Array.from({ length: size / 2 }, (_, index) => ({
        name: `Group ${index + 1}`,
        size: index === size / 2 - 1 ? { kind: 'rest' as const } : { kind: 'devices' as const, devices: 2 },
        gate: { ...usualGate, offlineSeconds: 3600, soakSeconds: 1 },
      }));
      const rolledOut: string[] = [];
      let killed = 0;
      while (killed < kills || rolledOut.length === 0) {
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
          if (killed < kills) {
            await delay(random() * 700);
            await server.kill();
            killed++;
            server = await start();
          }
          const { rollout } = await surely(() => api.getRollout(staged.id));
          if (rollout.state === 'finished') break;
          if (rollout.state !== 'running') throw new Error(`${rollout.state}: ${rollout.reason}`);
          if (killed === kills) await delay(100);
        }
      }

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
      t.comment(`${killed} kills during ${rolledOut.length} rollouts`);
    } finally {
      await Promise.all(fleet.map((each) => each.stop()));
      await server.stop();
    }
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  },
);
