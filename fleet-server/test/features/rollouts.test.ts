import { eq, sql } from 'drizzle-orm';
import { devices, rolloutExecutions } from '../../src/db/schema.js';
import { setChallenger } from '../../src/features/challengers/service.js';
import { championId, setChampion } from '../../src/features/models/repository.js';
import { createRolloutsBackground } from '../../src/features/rollouts/background.js';
import { rolloutDetail } from '../../src/features/rollouts/detail.js';
import { type Gate, usualGate } from '../../src/features/rollouts/plan.js';
import { previewRollout } from '../../src/features/rollouts/preview.js';
import * as repository from '../../src/features/rollouts/repository.js';
import { resumeRollout } from '../../src/features/rollouts/resume.js';
import { rollBack } from '../../src/features/rollouts/roll-back.js';
import { setRules } from '../../src/features/rollouts/rules.js';
import * as service from '../../src/features/rollouts/service.js';
import { liftStop, stopFleet } from '../../src/features/rollouts/stop.js';
import { tick } from '../../src/features/rollouts/ticker.js';
import { eventsOf } from '../../src/features/rollouts/timeline.js';
import { onEachEngine, until } from '../helpers/engines.js';
import { addDevice, addModel, openWorld } from './world.js';

const allAtOnce = { kind: 'all_at_once' as const };
const canary = { kind: 'canary' as const, canaries: 1, confirmations: 1, soakSeconds: 60 };
const who = 'ann@example.org';

onEachEngine('rollouts', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  const background = createRolloutsBackground(services);

  t.beforeEach(async () => {
    await world.reset();
    for (const number of [0, 1, 2]) await addModel(world, number);
    for (const id of ['a', 'b', 'c']) await addDevice(world, id);
  });
  const start = async (
    modelVersionId: string,
    strategy: Parameters<typeof service.createRollout>[2]['strategy'],
  ) => {
    const { id } = await service.createRollout(services, who, { modelVersionId, strategy });
    const rollout = await service.startRollout(services, who, id);
    await background.tick();
    return rollout;
  };
  const confirm = async (...ids: string[]) => {
    for (const id of ids) await world.devices.report(id, 'confirmed');
    await background.tick();
  };
  const show = async (id: string) =>
    (await repository.toRollouts(db, [await repository.rolloutById(db, id)]))[0]!;
  const states = async (id: string) =>
    Object.fromEntries(
      (await repository.executionsOf(db, id)).map(({ deviceId, state }) => [deviceId, state]),
    );
  const told = () => world.devices.told.map(({ deviceId, change }) => [deviceId, change.model?.version]);

  t.test('all at once: signed first, told once, champion when done', async (t) => {
    const rollout = await start('v1', allAtOnce);
    t.strictSame(world.published, [
      {
        path: `models/lineside/v1/${rollout.releaseCounter}/manifest.json`,
        custom: { releaseCounter: rollout.releaseCounter, version: 'v1' },
      },
    ]);
    t.strictSame(told().sort(), [
      ['a', 'v1'],
      ['b', 'v1'],
      ['c', 'v1'],
    ]);
    await background.tick();
    t.equal(told().length, 3, 'nobody is told twice');
    await world.devices.report('a', 'downloading');
    await background.tick();
    t.match(await states(rollout.id), { a: 'downloading', b: 'notified' });
    await confirm('a', 'b');
    t.equal((await show(rollout.id)).state, 'running');
    t.equal(await championId(db), null);
    await confirm('c');
    t.match(await show(rollout.id), { state: 'finished', groups: [{ confirmed: 3, failed: 0 }] });
    t.equal(await championId(db), 'v1');
    t.strictSame(
      world.audit.map(({ action }) => action),
      ['rollout.create', 'rollout.start', 'rollout.finish'],
    );
  });

  t.test(
    'canary: an online device first, the rest after the soak; pause holds, resume goes on',
    async (t) => {
      await db.update(devices).set({ online: false }).where(eq(devices.id, 'a'));
      const { id } = await start('v1', canary);
      t.strictSame(told(), [['b', 'v1']]);
      await confirm('b');
      t.equal((await show(id)).groups[0]?.state, 'soaking');
      t.ok((await show(id)).groups[0]?.soakEndsAt);
      await service.pauseRollout(services, who, id);
      world.advance(61_000);
      await background.tick();
      t.equal(told().length, 1, 'paused starts nothing');
      await t.rejects(service.pauseRollout(services, who, id), { code: 'rollout_state' });
      await resumeRollout(services, who, id);
      await background.tick();
      t.equal(told().length, 3);
      await confirm('c');
      t.match(await states(id), { a: 'notified', b: 'confirmed', c: 'confirmed' });
      world.advance(61_000);
      await background.tick();
      t.equal((await show(id)).state, 'finished', 'without the device that is away');
      await confirm('a');
      t.equal((await states(id)).a, 'confirmed', 'which follows when it is back');
    },
  );

  t.test('the timeline: who did what, when a group moved, and why it paused', async (t) => {
    const { id } = await start('v1', canary);
    await world.devices.report('a', 'failed', 'self_test_failed');
    await background.tick();
    world.advance(3_600_000);
    await resumeRollout(services, 'bob@example.org', id);
    await background.tick();
    await confirm('a');
    await service.pauseRollout(services, who, id);
    await t.rejects(service.pauseRollout(services, who, id), 'what did not happen is not told');
    await service.abortRollout(services, who, id);
    const events = await eventsOf(db, id);
    t.strictSame(
      events.map(({ group, from, to, by }) => [group, from, to, by.split('@')[0]]),
      [
        [null, null, 'ready', 'ann'],
        [null, 'ready', 'running', 'ann'],
        [0, 'scheduled', 'running', 'system'],
        [0, 'running', 'failed', 'system'],
        [null, 'running', 'paused', 'system'],
        [null, 'paused', 'running', 'bob'],
        [0, 'failed', 'running', 'bob'],
        [0, 'running', 'soaking', 'system'],
        [null, 'running', 'paused', 'ann'],
        [null, 'paused', 'aborted', 'ann'],
      ],
    );
    t.match(events[4], { reason: 'Canaries: 1 of 1 device failed; the gate allows none.' });
    t.ok(Date.parse(events[5]!.at) - Date.parse(events[4]!.at) >= 3_600_000);
  });

  t.test('a canary that fails pauses; resume tries it again', async (t) => {
    const { id } = await start('v1', canary);
    await world.devices.report('a', 'failed', 'self_test_failed');
    await background.tick();
    const paused = await show(id);
    t.match(paused, { state: 'paused', reason: /Canaries/, groups: [{ state: 'failed', failed: 1 }, {}] });
    const [execution] = await repository.executionsOf(db, id);
    t.match(execution, { state: 'failed', code: 'self_test_failed' });
    t.ok(world.audit.some(({ action }) => action === 'rollout.pause'));
    await resumeRollout(services, who, id);
    await background.tick();
    t.match(await states(id), { a: 'notified' }, 'and its old failure does not count again');
    t.equal(told().length, 2);
    await confirm('a');
    t.equal((await show(id)).groups[0]?.state, 'soaking');
  });

  t.test('roll back: the old content under a new counter, the champion too', async (t) => {
    await setChampion(db, 'v0');
    const base = await start('v0', allAtOnce);
    await confirm('a', 'b', 'c');
    const { id, releaseCounter } = await start('v1', allAtOnce);
    t.ok(releaseCounter > base.releaseCounter);
    await confirm('a', 'b', 'c');
    t.equal(await championId(db), 'v1');
    const old = await rollBack(services, who, id);
    t.match(old, { state: 'rolled_back', reason: /Rolled back by ann/ });
    t.equal(await championId(db), 'v0');
    await background.tick();
    const [replacement] = await repository.listRollouts(db);
    t.match(replacement, { modelVersionId: 'v0', previousModelVersionId: 'v1', state: 'running' });
    t.ok(replacement!.releaseCounter > releaseCounter);
    t.equal(world.published.at(-1)?.path, `models/lineside/v0/${replacement!.releaseCounter}/manifest.json`);
    await confirm('a', 'b', 'c');
    t.equal((await show(replacement!.id)).state, 'finished');
    t.strictSame(await states(id), { a: 'rolled_back', b: 'rolled_back', c: 'rolled_back' });
    await t.rejects(rollBack(services, who, id), { code: 'rollout_state' });
    await t.rejects(rollBack(services, who, base.id), { code: 'rollout_state' }, 'a newer one stands');
  });

  t.test('roll back of a canary leaves the others alone', async (t) => {
    await setChampion(db, 'v0');
    await start('v0', allAtOnce);
    await confirm('a', 'b', 'c');
    const { id } = await start('v1', canary);
    world.devices.told.length = 0;
    await rollBack(services, who, id);
    await background.tick();
    t.strictSame(told(), [['a', 'v0']]);
    t.equal(await championId(db), 'v0');
  });

  t.test('there is nothing to go back to from the first model', async (t) => {
    const { id } = await start('v0', allAtOnce);
    await t.rejects(rollBack(services, who, id), { code: 'rollout_no_previous' });
    t.equal((await show(id)).state, 'running');
  });

  t.test('abort: who has not got it stays with what runs', async (t) => {
    const base = await start('v0', allAtOnce);
    await confirm('a', 'b', 'c');
    const { id } = await start('v1', allAtOnce);
    await confirm('a');
    world.devices.told.length = 0;
    await service.abortRollout(services, who, id);
    t.strictSame(told().sort(), [
      ['b', 'v0'],
      ['c', 'v0'],
    ]);
    t.equal(world.devices.told[0]?.change.model?.releaseCounter, base.releaseCounter);
    t.equal((await states(id)).a, 'confirmed');
    await background.tick();
    t.equal(await championId(db), 'v0');
    await t.rejects(resumeRollout(services, who, id), { code: 'rollout_state' });
  });

  t.test('one rollout at a time on a device; counters rise in the order of starts', async (t) => {
    const early = await service.createRollout(services, who, { modelVersionId: 'v1', strategy: allAtOnce });
    const { id, releaseCounter } = await start('v2', allAtOnce);
    await t.rejects(service.startRollout(services, who, early.id), { code: 'rollout_state' });
    await confirm('a', 'b', 'c');
    t.equal((await show(id)).state, 'finished');
    const late = await service.startRollout(services, who, early.id);
    t.ok(late.releaseCounter > releaseCounter, 'a device would refuse a lower one');
    const both = await Promise.allSettled([
      service.abortRollout(services, who, early.id),
      service.abortRollout(services, who, early.id),
    ]);
    t.strictSame(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  });

  t.test('a plan: groups by gate and rate, kept over a restart; what was rejected says so', async (t) => {
    for (let i = 0; i < 7; i++) await addDevice(world, `m${i}`);
    const gate: Gate = { ...usualGate, success: { kind: 'share', share: 0.9 } };
    const rejected = { share: 0, sample: 1 };
    const { id } = await start('v1', {
      kind: 'staged',
      groups: [
        { name: 'Two', size: { kind: 'devices', devices: 2 }, gate },
        { name: 'A third', size: { kind: 'share', share: 0.3 }, gate: { ...gate, devicesPerMinute: 2 } },
        { name: 'Rest', size: { kind: 'rest' }, gate: { ...gate, errors: { ...gate.errors, rejected } } },
      ],
    });
    t.match((await show(id)).groups, [
      { name: 'Two', devices: 2, waiting: 0, gate },
      { name: 'A third', devices: 3, waiting: 3 },
      { name: 'Rest', devices: 5, waiting: 5 },
    ]);
    await confirm('a', 'b');
    t.match((await show(id)).groups[1], { state: 'running', waiting: 3 }, 'two were told in this minute');
    world.advance(61_000);
    await createRolloutsBackground(services).tick();
    t.match((await show(id)).groups[1], { state: 'running', waiting: 1 });
    world.advance(61_000);
    await background.tick();
    await confirm('c', 'm0', 'm1');
    t.match((await show(id)).groups, [{ state: 'finished' }, { state: 'finished' }, { state: 'running' }]);
    await world.devices.report('m2', 'failed', 'artifact_untrusted');
    await background.tick();
    t.match(await show(id), {
      state: 'paused',
      reason: 'Rest: 1 of 5 devices rejected it; the gate allows none.',
      groups: [{}, {}, { failures: { failed: 0, rejected: 1, timed_out: 0 } }],
    });
  });

  t.test('what cannot be staged', async (t) => {
    const stage = (input: Partial<Parameters<typeof service.createRollout>[2]>) =>
      service.createRollout(services, who, { modelVersionId: 'v1', strategy: allAtOnce, ...input });
    await t.rejects(stage({ modelVersionId: 'v9' }), { code: 'not_found' });
    await t.rejects(stage({ selection: { deviceIds: ['nobody'] } }), { code: 'device_unknown' });
    await t.rejects(stage({ selection: { deviceIds: [] } }), { code: 'rollout_no_devices' });
    await t.rejects(stage({ strategy: { ...canary, confirmations: 2 } }), { code: 'request_invalid' });
    const groups = [{ name: 'One', size: { kind: 'devices' as const, devices: 1 }, gate: usualGate }];
    await t.rejects(stage({ strategy: { kind: 'staged', groups } }), { code: 'request_invalid' });
  });

  t.test('a device that was to be told and was not is told by the next pass', async (t) => {
    const { id } = await service.createRollout(services, who, { modelVersionId: 'v1', strategy: allAtOnce });
    await service.startRollout(services, who, id);
    const outcome = await tick(services);
    t.equal(outcome?.notify.length, 3, 'and then the process ends');
    t.equal(told().length, 0);
    await background.tick();
    t.equal(told().length, 3);
  });

  t.test('devices that come later get the champion', async (t) => {
    const { releaseCounter } = await start('v1', allAtOnce);
    await confirm('a', 'b', 'c');
    await addDevice(world, 'd');
    world.devices.told.length = 0;
    await background.tick();
    t.match(world.devices.told, [{ deviceId: 'd', change: { model: { version: 'v1', releaseCounter } } }]);
    await background.tick();
    t.equal(told().length, 1);
  });

  t.test(
    'devices that come to meet the conditions join the last group, where the rollout takes them',
    async (t) => {
      const label = (id: string, tags: string[], site: string | null = null) =>
        db.update(devices).set({ tags, site }).where(eq(devices.id, id));
      await label('a', ['paint']);
      const input = { modelVersionId: 'v1', strategy: canary };
      const tags = ['paint'];
      t.match(await previewRollout(services, { ...input, selection: { tags } }), {
        ...{ devices: 1, online: 1, running: 0, widest: false },
        groups: [{ name: 'Canaries', devices: 1, names: ['a'] }],
      });
      const { id } = await service.createRollout(services, who, {
        ...input,
        selection: { tags, lateJoiners: 'join' },
      });
      const closed = await service
        .createRollout(services, who, { ...input, selection: { sites: ['north'] } })
        .catch((error: { code: string }) => error.code);
      t.equal(closed, 'rollout_no_devices');
      await service.startRollout(services, who, id);
      await background.tick();
      await label('b', ['paint', 'new']);
      await background.tick();
      t.match(await states(id), { a: 'notified', b: 'notified' });
      t.strictSame((await show(id)).selection, { tags, lateJoiners: 'join' });
      await confirm('a', 'b');
      world.advance(61_000);
      await background.tick();
      t.equal((await show(id)).state, 'finished');
      await label('c', ['paint']);
      await background.tick();
      t.notOk('c' in (await states(id)), 'nobody joins what has finished');
    },
  );

  t.test('emergency stop: nobody is told anything new until it is lifted', async (t) => {
    const { id } = await start('v1', canary);
    const staged = await service.createRollout(services, who, {
      modelVersionId: 'v2',
      strategy: allAtOnce,
      selection: { deviceIds: ['c'] },
    });
    await stopFleet(services, who, 'smoke');
    world.devices.told.length = 0;
    await confirm('a');
    t.equal((await states(id)).a, 'confirmed', 'what devices report is read on');
    await addDevice(world, 'd');
    world.advance(3_600_000);
    await background.tick();
    t.match((await show(id)).groups, [{ state: 'running' }, { state: 'scheduled' }]);
    const refused = { code: 'fleet_stopped', message: /smoke/ };
    await t.rejects(service.startRollout(services, who, staged.id), refused);
    await t.rejects(setChallenger(services, who, { modelVersionId: 'v2', share: 0.5 }), refused);
    t.same(told(), []);
    await liftStop(services, who);
    await t.rejects(liftStop(services, who), { code: 'conflict' });
    await background.tick();
    t.equal((await show(id)).groups[0]?.state, 'soaking', 'and then it goes on where it was');
    const actions = world.audit.map(({ action }) => action);
    t.ok(actions.includes('fleet.stop') && actions.includes('fleet.go_on'));
  });

  t.test('a look at a rollout is of one moment: its counts are those of its devices', async (t) => {
    const { id } = await start('v1', allAtOnce);
    let isLooking = true;
    const moves = async () => {
      while (isLooking)
        for (const state of ['held', 'verifying'] as const)
          await db.update(rolloutExecutions).set({ state }).where(eq(rolloutExecutions.rolloutId, id));
    };
    const moving = moves();
    const looks: { counted: number | undefined; held: number }[] = [];
    while (looks.length < 50) {
      const { rollout, executions } = await rolloutDetail(db, id);
      looks.push({
        counted: rollout.groups[0]?.held,
        held: executions.filter(({ state }) => state === 'held').length,
      });
    }
    isLooking = false;
    await moving;
    t.strictSame(
      looks.filter(({ counted, held }) => counted !== held),
      [],
    );
  });

  t.test('fifteen thousand devices are told once each and followed', async (t) => {
    const fleet = 15_000;
    await db.execute(sql`
      insert into devices (id, name, certificate_pem, certificate_sha256, certificate_expires_at, online)
      select 'many-' || n, 'many', '', '', now(), true from generate_series(1, ${fleet}::int) as n`);
    await setRules(services, who, { fourEyes: false, widestShare: 1 });
    const { id } = await start('v1', allAtOnce);
    t.equal(new Set(told().map(([deviceId]) => deviceId)).size, fleet + 3);
    await background.tick();
    t.equal(told().length, fleet + 3, 'nobody is told twice');
    await db.execute(sql`
      update devices set reported = jsonb_build_object(
        'desiredRevision', desired_revision, 'model', null,
        'update', jsonb_build_object('phase', case when name = 'many' then 'downloading' else 'verifying' end,
          'releaseCounter', desired->'model'->'releaseCounter'))`);
    await background.tick();
    const count = (state: string) => Object.values(known).filter((each) => each === state).length;
    const known = await states(id);
    t.match([count('downloading'), count('verifying')], [fleet, 3]);
  });

  t.test('by itself: a report moves the rollout on', async (t) => {
    const live = createRolloutsBackground(services, 60_000);
    await live.start();
    t.teardown(() => live.stop());
    const { id } = await service.createRollout(services, who, { modelVersionId: 'v1', strategy: allAtOnce });
    await service.startRollout(services, who, id);
    await until(() => world.devices.told.length === 3, 'all told');
    for (const device of ['a', 'b', 'c']) await world.devices.report(device, 'confirmed');
    t.ok(await until(async () => (await show(id)).state === 'finished', 'finished'));
  });
});
