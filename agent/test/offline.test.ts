import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeMessage, EventMessage, FrameMessage, TelemetryMessage } from '@lineside/shared';
import t from 'tap';
import { parseConfig } from '../src/config.js';
import { type Agent, createAgent } from '../src/runtime.js';
import { createTestAuthority } from './enrol/test-authority.js';
import { installTinyModel } from './helpers/installed-model.js';
import { mountSmallDisk, whyNoSmallDisk } from './helpers/small-disk.js';
import { until } from './helpers/until.js';
import { identityFor, startBroker, type TestBroker } from './uplink/test-broker.js';

const authority = await createTestAuthority();
const year = 365 * 86_400_000;
const backoff = { minMs: 20, maxMs: 200 };

async function enrolled(stateDir: string, mqttUrl: string): Promise<void> {
  await mkdir(join(stateDir, 'identity'), { recursive: true });
  const identity = await identityFor(authority, 'box-1', mqttUrl);
  await writeFile(join(stateDir, 'identity', 'identity.json'), JSON.stringify(identity));
  await installTinyModel(stateDir, { threshold: 0.95 });
}

const settings = (stateDir: string, source: object, spool: object = {}) =>
  parseConfig({
    stateDir,
    cameras: [{ id: 'cam', source: { kind: 'synthetic', width: 64, height: 48, ...source } }],
    policy: { recordAll: true, duplicates: { windowMs: 0 } },
    spool: { minFreeBytes: 0, ...spool },
    telemetryIntervalMs: 100,
  });

async function counted(agent: Agent, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${agent.httpPort}/metrics`)).text();
  return Number(
    new RegExp(`^lineside_frames_${name}_total\\{camera="cam"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0,
  );
}

/** The camera is through, and so are its last frames. @returns how many were flagged */
async function allFlagged(agent: Agent): Promise<number> {
  await until('the camera to be through', () => agent.health().cameras[0]?.state === 'finished', 60_000);
  await until('its last frames', async () => {
    const [captured, dropped, flagged] = await Promise.all(
      ['captured', 'dropped', 'flagged'].map((name) => counted(agent, name)),
    );
    return captured === (dropped ?? 0) + (flagged ?? 0);
  });
  return counted(agent, 'flagged');
}

/** A fleet server whose clock is right. @returns how often each frame came */
function storeAll(broker: TestBroker): Map<string, number> {
  const stored = new Map<string, number>();
  broker.clock = Date.now;
  broker.onReceived = ({ topic, payload }) => {
    if (topic.channel !== 'frame') return;
    const { id } = decodeMessage(FrameMessage, payload);
    stored.set(id, (stored.get(id) ?? 0) + 1);
    void broker.receipt(topic.deviceId, [id]);
  };
  return stored;
}

t.test(
  'offline with a clock that jumps: all is decided, and arrives once when there is a server',
  async (t) => {
    const reserved = await startBroker(authority);
    const { port, url } = reserved;
    await reserved.close();
    const stateDir = await mkdtemp(join(tmpdir(), 'lineside-offline-'));
    await enrolled(stateDir, url);
    let offset = 60_000 - Date.now();
    const ports = { backoff, wallMs: () => Date.now() + offset };
    const certificateFrom = Date.now() - 2 * 3_600_000;

    const first = createAgent(settings(stateDir, { framesPerSecond: 50, count: 100 }), ports);
    t.teardown(() => first.stop());
    await first.start();
    for (const [frames, jump] of [
      [20, year],
      [40, -year],
      [60, 60_000 - Date.now()],
      [80, 0],
    ] as const) {
      await until(`${frames} frames`, async () => (await counted(first, 'captured')) >= frames, 60_000);
      offset = jump;
    }
    const before = await allFlagged(first);
    t.equal(await counted(first, 'decided'), before, 'every decided frame is kept');
    await first.stop();

    // Without power for a while, and without a battery.
    offset = -Date.now();
    const second = createAgent(settings(stateDir, { framesPerSecond: 50, count: 20 }), ports);
    t.teardown(() => second.stop());
    await second.start();
    const total = before + (await allFlagged(second));
    const broker = await startBroker(authority, port);
    const stored = storeAll(broker);
    t.teardown(async () => {
      await second.stop();
      await broker.close();
      await rm(stateDir, { recursive: true });
    });
    await until('all frames', () => stored.size === total, 60_000);
    await until('the offset in telemetry', () => {
      const last = broker.of('telemetry').at(-1);
      const measured = last && decodeMessage(TelemetryMessage, last.payload).clockOffsetMs;
      return typeof measured === 'number' && Math.abs(measured - offset) < 60_000;
    });
    t.ok(
      [...stored.values()].every((times) => times === 1),
      'each one once',
    );
    const frames = broker.of('frame').map(({ payload }) => decodeMessage(FrameMessage, payload));
    t.ok(
      frames.every(({ capturedAt }) => capturedAt > certificateFrom),
      'no frame is dated before the device was enrolled',
    );
    await until('the alarm of the clock', () =>
      broker.of('event').some(({ payload }) => decodeMessage(EventMessage, payload).code === 'clock_wrong'),
    );
  },
);

const skip = whyNoSmallDisk();
t.test(
  'a disk that is full and then read-only: the camera decides throughout',
  skip ? { skip } : {},
  async (t) => {
    const reserved = await startBroker(authority);
    const { port, url } = reserved;
    await reserved.close();
    const disk = mountSmallDisk(8 << 20);
    const stateDir = join(disk.path, 'state');
    await enrolled(stateDir, url);
    const agent = createAgent(settings(stateDir, { framesPerSecond: 50 }, { maxBytes: 1e9 }), { backoff });
    let broker: TestBroker | null = null;
    t.teardown(async () => {
      await agent.stop();
      await broker?.close();
      disk.unmount();
    });
    await agent.start();
    const goesOn = async (what: string) => {
      const from = await counted(agent, 'decided');
      await until(`decisions ${what}`, async () => (await counted(agent, 'decided')) >= from + 20, 60_000);
      t.equal(agent.health().cameras[0]?.state, 'running', what);
    };
    await goesOn('with room on the disk');
    const hog = join(disk.path, 'hog');
    await writeFile(hog, new Uint8Array(16 << 20)).catch(() => undefined);
    await goesOn('with a full disk');
    await disk.readOnly(true);
    await goesOn('with a read-only disk');
    broker = await startBroker(authority, port);
    const stored = storeAll(broker);
    await goesOn('while what is stored is sent');
    await disk.readOnly(false);
    await rm(hog);
    const sent = stored.size;
    await until('new frames to be stored and sent', () => stored.size > sent + 20, 60_000);
    t.ok(
      [...stored.values()].every((times) => times === 1),
      'nothing came twice',
    );
  },
);
