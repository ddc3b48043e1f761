import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeMessage, EventMessage, FrameMessage, type RemoteSettings } from '@lineside/shared';
import t from 'tap';
import type { Source } from '../../src/capture/source.js';
import { openSpool } from '../../src/spool/spool.js';
import { enrolledBox } from '../helpers/enrolled-box.js';
import { installTinyModel } from '../helpers/installed-model.js';
import { until } from '../helpers/until.js';

const trialRule = { graceMs: 100, runsAgainMs: 20_000, slowRunsAgainMs: 30_000 };
const camera = (id = 'cam', more: object = {}) => ({
  id,
  source: { kind: 'synthetic', width: 64, height: 48, framesPerSecond: 50, ...more },
  frozenAfterMs: 0,
});
const own = {
  cameras: [camera()],
  policy: { auditShare: 0, novelty: false, imageHealth: { enabled: false } },
};
/** As a server sends them: what has a default may be absent. */
const afar = (settings: object): RemoteSettings => settings as RemoteSettings;

t.test(
  'cameras from afar take the place of the own ones, and go when they are no longer wanted',
  async (t) => {
    const box = await enrolledBox(t);
    await installTinyModel(box.stateDir);
    const agent = box.agent(own, { trialRule });
    await agent.start();
    await until('the own camera', () => box.reported()?.cameras[0]?.state === 'running');
    t.match(box.reported()?.config, { revision: 0, phase: 'own', effective: { cameras: [{ id: 'cam' }] } });

    const cameras = [
      camera('cam', { width: 96 }),
      { id: 'door', source: { kind: 'rtsp', url: 'rtsp://ann:s3cret@127.0.0.1:9/a' } },
    ];
    await box.desire({ revision: 7, config: { revision: 3, settings: afar({ cameras, logLevel: 'warn' }) } });
    await until('applied', () => box.reported()?.config.phase === 'applied');
    const applied = box.reported();
    t.match(applied, { desiredRevision: 7, config: { revision: 3, effective: { logLevel: 'warn' } } });
    t.match(applied?.config.effective, {
      cameras: [{ source: { width: 96 } }, { source: { url: 'rtsp://ann:***@127.0.0.1:9/a' } }],
    });
    t.notMatch(JSON.stringify(applied), /s3cret/);
    t.strictSame(
      agent.health().cameras.map(({ id }) => id),
      ['cam', 'door'],
    );

    // The masked address sent back is the address, and the policy below it changes alone.
    const masked = afar({
      cameras: [cameras[0], { id: 'door', source: { kind: 'rtsp', url: 'rtsp://ann:***@127.0.0.1:9/a' } }],
    });
    await box.desire({ revision: 8, config: { revision: 4, settings: masked } });
    await until(
      'applied again',
      () => box.reported()?.config.revision === 4 && box.reported()?.config.phase === 'applied',
    );
    t.match(await readFile(join(box.stateDir, 'settings.json'), 'utf8'), /s3cret/);

    await box.desire({ revision: 9, config: null });
    await until('the own ones', () => box.reported()?.config.phase === 'own');
    t.match(box.reported()?.config, { revision: 0, effective: { logLevel: 'info' } });
    await until('the own camera again', () => agent.health().cameras[0]?.state === 'running');
    t.equal(agent.health().cameras.length, 1);
  },
);

t.test(
  'settings that are wrong are refused by the name of the field, and nothing else changes',
  async (t) => {
    const box = await enrolledBox(t);
    await installTinyModel(box.stateDir);
    const agent = box.agent(own, { trialRule });
    await agent.start();
    const wrong: [settings: object, message: RegExp][] = [
      [{ policy: { auditShare: 2 } }, /^policy\.auditShare /],
      [{ cameras: [camera(), camera()] }, /^cameras\[1\]\.id cam is used twice/],
      [{ cameras: [{ id: 'a', source: { kind: 'folder', path: '/x', groupPattern: '(' } }] }, /groupPattern/],
      [{ cameras: [{ id: 'a', source: { kind: 'gstreamer', pipeline: 'a "b' } }] }, /source\.pipeline/],
      [{ http: { port: 1 } }, /^http is not a known field/],
      [{ outputs: [{ kind: 'telex' }] }, /^outputs\[0\]\.kind must be one of/],
    ];
    for (const [index, [settings, message]] of wrong.entries()) {
      const revision = index + 1;
      await box.desire({ revision, config: { revision, settings: afar(settings) } });
      await until('the refusal', () => box.reported()?.config.refusedRevision === revision);
      t.match(box.reported()?.config, { revision: 0, phase: 'rejected', code: 'config_invalid', message });
    }
    const events = () => box.broker.of('event').map(({ payload }) => decodeMessage(EventMessage, payload));
    await until('an event', () => events().some(({ code }) => code === 'config_invalid'));
    t.equal(agent.health().cameras[0]?.id, 'cam');
  },
);

t.test('a policy changes between two frames, without a gap', async (t) => {
  const box = await enrolledBox(t);
  await installTinyModel(box.stateDir, { threshold: 0.51 });
  const sources: string[] = [];
  const agent = box.agent(own, {
    trialRule,
    createSource: (config): Source => {
      sources.push(config.id);
      return lamp(config.id);
    },
  });
  await agent.start();
  await until('frames', () => agent.health().cameras[0]?.state === 'running');
  const policy = { ...own.policy, recordAll: true, duplicates: { windowMs: 0 } };
  await box.desire({
    revision: 1,
    config: { revision: 1, settings: afar({ policy, telemetryIntervalMs: 100, logLevel: 'error' }) },
  });
  await until('applied', () => box.reported()?.config.phase === 'applied');
  await until('a recorded frame', () => box.broker.of('frame').length > 0);
  await until('telemetry at the new pace', () => box.broker.of('telemetry').length >= 3);
  t.strictSame(sources, ['cam'], 'the camera was opened once');
  await box.desire({
    revision: 2,
    config: { revision: 1, settings: afar({ policy }) },
    policy: { recordAll: false },
  });
  await until('the desired policy', () => box.reported()?.desiredRevision === 2);
  const [frame] = box.broker.of('frame');
  t.match(decodeMessage(FrameMessage, frame?.payload ?? Buffer.alloc(0)), { cameraId: 'cam' });
});

t.test('a change that kills the camera is taken back, and not tried again', async (t) => {
  const box = await enrolledBox(t);
  await installTinyModel(box.stateDir);
  const agent = box.agent(own, { trialRule });
  await agent.start();
  await until('the camera', () => typeof agent.health().cameras[0]?.stages.decided.at === 'number');
  const cameras = [{ id: 'cam', source: { kind: 'v4l2', device: '/dev/video-none' } }];
  const desired = { revision: 5, config: { revision: 2, settings: afar({ cameras }) } };
  await box.desire(desired);
  await until('rolled back', () => box.reported()?.config.phase === 'rolled_back', 60_000);
  t.match(box.reported()?.config, {
    revision: 0,
    code: 'config_unhealthy',
    message: /cam ran before/,
    refusedRevision: 2,
    effective: { cameras: [{ source: { kind: 'synthetic' } }] },
  });
  await until('the camera again', () => agent.health().cameras[0]?.state === 'running');
  await agent.stop();

  const next = box.agent(own, { trialRule });
  await next.start();
  await box.desire({ ...desired, revision: 6 });
  await until('the newer state', () => box.reported()?.desiredRevision === 6);
  t.match(box.reported()?.config, { revision: 0, phase: 'rolled_back', refusedRevision: 2 });
  await box.desire({
    revision: 7,
    config: { revision: 3, settings: afar({ cameras: [camera('cam', { width: 80 })] }) },
  });
  await until('a new revision', () => box.reported()?.config.phase === 'applied');
  t.match(box.reported()?.config, { revision: 3 });
});

t.test('applied settings hold after a restart without a network', async (t) => {
  const box = await enrolledBox(t);
  await installTinyModel(box.stateDir);
  const agent = box.agent(own, { trialRule });
  await agent.start();
  const settings = afar({ cameras: [camera('left'), camera('right')] });
  await box.desire({ revision: 1, config: { revision: 1, settings } });
  await until('applied', () => box.reported()?.config.phase === 'applied');
  await agent.stop();
  await box.broker.close();
  const next = box.agent(own, { trialRule });
  await next.start();
  t.strictSame(
    next.health().cameras.map(({ id }) => id),
    ['left', 'right'],
  );
});

t.test('settings on trial when the process ended are tried again, three starts in all', async (t) => {
  const box = await enrolledBox(t);
  await installTinyModel(box.stateDir);
  const path = join(box.stateDir, 'settings.json');
  const wanted = { revision: 4, settings: { cameras: [camera('next')] } };
  const trial = (starts: number) => ({
    v: 1,
    wanted,
    applied: { revision: 3, settings: { cameras: [camera('last')] } },
    trial: { settings: wanted, before: [{ cameraId: 'last', stage: 'decided' }], starts },
    refused: null,
  });
  const ids = (agent: { health(): { cameras: { id: string }[] } }) =>
    agent.health().cameras.map(({ id }) => id);

  await writeFile(path, JSON.stringify(trial(3)));
  const given = box.agent(own, { trialRule });
  await given.start();
  t.strictSame(ids(given), ['last']);
  await until('the report', () => box.reported()?.config.phase === 'rolled_back');
  t.match(box.reported()?.config, { revision: 3, refusedRevision: 4, message: /went down 3 times/ });
  await given.stop();

  await writeFile(path, JSON.stringify(trial(2)));
  const agent = box.agent(own, { trialRule });
  await agent.start();
  t.strictSame(ids(agent), ['next']);
  await until('applied', () => box.reported()?.config.phase === 'applied');
  t.match(box.reported()?.config, { revision: 4 });
});

t.test('no frame that was flagged is lost between two stations', async (t) => {
  const box = await enrolledBox(t);
  await installTinyModel(box.stateDir);
  const flaggable = { ...own, policy: { ...own.policy, recordAll: true, duplicates: { windowMs: 0 } } };
  const agent = box.agent(flaggable, { trialRule });
  await agent.start();
  await until('frames', () => box.broker.of('frame').length > 0);
  for (let revision = 1; revision <= 3; revision++) {
    const cameras = [camera('cam', { width: 64 + 8 * revision })];
    await box.desire({ revision, config: { revision, settings: afar({ cameras }) } });
    await until('applied', () => {
      const config = box.reported()?.config;
      return config?.revision === revision && config.phase === 'applied';
    });
  }
  const text = await (await fetch(`http://127.0.0.1:${agent.httpPort}/metrics`)).text();
  await agent.stop();
  const flagged = Number(/lineside_frames_flagged_total\{camera="cam"\} (\d+)/.exec(text)?.[1]);
  const spool = await openSpool({ dir: join(box.stateDir, 'spool'), maxBytes: 1e9 });
  t.ok(spool.stats().frames >= flagged, `${spool.stats().frames} of ${flagged} are stored`);
  await spool.close();
});

/** A camera of one grey that goes on for as long as it is let. */
function lamp(cameraId: string): Source {
  let timer: NodeJS.Timeout;
  let sequence = 0;
  return {
    live: true,
    async start({ onFrame }) {
      timer = setInterval(() => {
        void onFrame({
          cameraId,
          sequence: sequence++,
          capturedAt: Date.now(),
          capturedAtMonotonicMs: performance.now(),
          width: 8,
          height: 8,
          rgb: Buffer.alloc(192, sequence % 200),
        }).catch(() => undefined);
      }, 20);
    },
    async stop() {
      clearInterval(timer);
    },
  };
}

t.test('while the plant holds updates no station is exchanged, and a policy still is', async (t) => {
  const box = await enrolledBox(t);
  await installTinyModel(box.stateDir);
  const pin = '246810';
  let agent = box.agent({ ...own, http: { pin } }, { trialRule });
  await agent.start();
  const hold = (method: 'POST' | 'DELETE', query = '') =>
    fetch(`http://127.0.0.1:${agent.httpPort}/hold${query}`, {
      method,
      headers: { authorization: `Bearer ${pin}` },
    });
  await until('the own camera', () => box.reported()?.cameras[0]?.state === 'running');
  t.equal((await hold('POST', '?minutes=0')).status, 400);
  t.equal((await hold('POST', '?reason=batch+7')).status, 202);
  await until('the hold is told', () => box.reported()?.hold?.reason === 'batch 7');

  const policy = { ...own.policy, marginBelow: 0.2 };
  await box.desire({ revision: 1, config: { revision: 1, settings: afar({ policy }) } });
  await until('the policy is in force', () => box.reported()?.config.phase === 'applied');
  const wider = afar({ policy, cameras: [camera('cam', { width: 96 })] });
  await box.desire({ revision: 2, config: { revision: 2, settings: wider } });
  await until('the cameras wait', () => box.reported()?.config.phase === 'held');
  t.match(box.reported()?.config, { revision: 1, effective: { cameras: [{ source: { width: 64 } }] } });

  await agent.stop();
  agent = box.agent({ ...own, http: { pin } }, { trialRule });
  await agent.start();
  await until('they wait after a restart', () => {
    const now = box.reported();
    return now?.config.phase === 'held' && now.cameras[0]?.state === 'running';
  });
  t.equal((await hold('DELETE')).status, 200);
  await until('they are in force', () => {
    const now = box.reported()?.config;
    return now?.revision === 2 && now.phase === 'applied';
  });
  t.equal(box.reported()?.hold, null);

  t.equal((await hold('POST')).status, 202);
  await box.desire({ revision: 3, config: null });
  await until('the way back waits too', () => box.reported()?.config.phase === 'held');
  t.match(box.reported()?.config, { revision: 2 });
});
