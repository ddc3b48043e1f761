import type { ModelTarget } from '@lineside/shared';
import { eq, sql } from 'drizzle-orm';
import t from 'tap';
import { devices } from '../../src/db/schema.js';
import { setChallenger } from '../../src/features/challengers/service.js';
import { setChampion } from '../../src/features/models/repository.js';
import { createRolloutsBackground } from '../../src/features/rollouts/background.js';
import { newEvidence } from '../../src/features/rollouts/evidence.js';
import { judgeTrial, type TrialDevice } from '../../src/features/rollouts/judge-trial.js';
import { expand, type Strategy } from '../../src/features/rollouts/plan.js';
import * as repository from '../../src/features/rollouts/repository.js';
import { resumeRollout } from '../../src/features/rollouts/resume.js';
import { rollBack } from '../../src/features/rollouts/roll-back.js';
import * as service from '../../src/features/rollouts/service.js';
import { liftStop, stopFleet } from '../../src/features/rollouts/stop.js';
import { addTo, type Steps } from '../../src/learning/statistics/bounded-mean.js';
import { onEachEngine } from '../helpers/engines.js';
import { telemetryOf } from '../helpers/telemetry.js';
import { addDevice, addModel, openWorld } from './world.js';

const who = 'ann@example.org';
const shadowFirst: Strategy = {
  ...{ kind: 'shadow_first', devices: 2, seconds: 120, observations: 4 },
  ...{ disagreement: 0.1, soakSeconds: 0 },
};

t.test('a trial: the golden frames everywhere, disagreement by evidence', async (t) => {
  const trial = expand(shadowFirst)[0]!.gate.shadow!;
  const device = (name: string, disagreed: number[], change: Partial<TrialDevice> = {}): TrialDevice => {
    const disagreement: Steps = {};
    for (const each of disagreed) addTo(disagreement, each);
    const evidence = { ...newEvidence({ flagShare: null, latencyP95Ms: null }), disagreement };
    return { name, evidence, challenger: 'running', why: null, isOutOfReach: false, ...change };
  };
  const good = [0, 0, 0, 0];
  t.match(judgeTrial(trial, [device('a', good)]), { violation: null, isShort: false });
  t.match(judgeTrial(trial, [device('a', [0])]), { violation: null, isShort: true });
  const coming = device('b', [], { challenger: 'coming' });
  t.ok(judgeTrial(trial, [device('a', good), coming]).isShort, 'each device within reach has to try it');
  t.notOk(judgeTrial(trial, [device('a', good), { ...coming, isOutOfReach: true }]).isShort);
  t.ok(judgeTrial(trial, []).isShort, 'nobody is no proof');
  const doubtful = judgeTrial(trial, [device('a', [0.3, 0.3, 0.3, 0.3])]);
  t.match(doubtful, { violation: null, isShort: true }, 'above the limit, it is watched until it is sure');
  const refused = device('b', [], { challenger: 'failed', why: 'golden frames differ' });
  t.equal(
    judgeTrial(trial, [device('a', good), refused]).violation,
    'in the shadow it does not run on b (golden frames differ).',
  );
  const bad = device(
    'a',
    Array.from({ length: 12 }, () => 0.5),
  );
  t.match(judgeTrial(trial, [bad]).violation, /the champion decides otherwise on 50 % of the frames/);
});

onEachEngine('shadow first', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  let background = createRolloutsBackground(services);
  let atMs = 0;

  t.beforeEach(async () => {
    await world.reset();
    atMs = services.now();
    for (const number of [0, 1, 2]) await addModel(world, number);
    await db.execute(sql`update model_versions
      set manifest = jsonb_set(manifest, '{decision,method}', '"exact"') where id <> 'v0'`);
    for (const id of ['a', 'b', 'c']) await addDevice(world, id);
    await setChampion(db, 'v1');
    await db.update(devices).set({ desired: { model: { version: 'v1', releaseCounter: 1 } as ModelTarget } });
  });
  const start = async () => {
    const { id } = await service.createRollout(services, who, {
      ...{ modelVersionId: 'v2', strategy: shadowFirst },
    });
    const rollout = await service.startRollout(services, who, id);
    await background.tick();
    return rollout;
  };
  const show = async (id: string) =>
    (await repository.toRollouts(db, [await repository.rolloutById(db, id)]))[0]!;
  const desired = async (id: string) =>
    ((await db.select().from(devices).where(eq(devices.id, id)))[0]?.desired ?? {}) as {
      model?: { version: string; releaseCounter: number };
      shadow?: { model: { version: string; releaseCounter: number }; share: number } | null;
    };
  /** A minute passes; the device says how its challenger does. */
  const report = async (id: string, compared: number, disagreed: number, phase = 'active') => {
    const [row] = await db.select().from(devices).where(eq(devices.id, id));
    const model = (await desired(id)).shadow?.model;
    const shadow = model && { ...model, share: 1, phase, compared, disagreed, message: 'it differs' };
    await world.devices.report(id, 'idle');
    await db.execute(sql`update devices set
      telemetry = ${JSON.stringify(telemetryOf({ at: atMs, framesDecided: 100 + compared, framesFlagged: 0 }))}::jsonb,
      reported = reported || ${JSON.stringify({ at: atMs, shadow: shadow ?? null, desiredRevision: row!.desiredRevision })}::jsonb
      where id = ${id}`);
  };
  const minute = async (compared: number, disagreed: number) => {
    atMs += 60_000;
    world.advance(60_000);
    for (const id of ['a', 'b']) await report(id, compared, disagreed);
    await background.tick();
  };

  t.test('the first group tries it beside its own, then switches, then the rest', async (t) => {
    const { id, releaseCounter } = await start();
    t.match((await show(id)).groups, [{ state: 'shadowing', waiting: 2 }, { state: 'scheduled' }]);
    for (const each of ['a', 'b']) {
      t.match(await desired(each), { shadow: { model: { version: 'v2', releaseCounter }, share: 1 } });
      t.equal((await desired(each)).model?.version, 'v1', 'what decides stays');
    }
    t.equal((await desired('c')).shadow, undefined);
    background = createRolloutsBackground(services);
    await background.tick();
    t.equal(world.devices.told.length, 2, 'a server that starts again tells nobody twice');

    for (const compared of [10, 20]) await minute(compared, 0);
    t.match((await show(id)).groups[0], {
      state: 'shadowing',
      trial: [
        { kind: 'disagreement', state: 'gathering', observations: 2 },
        { kind: 'latency' },
        { kind: 'golden', state: 'holding' },
      ],
    });
    await minute(30, 0);
    t.match((await show(id)).groups[0], {
      state: 'running',
      trial: [{ state: 'holding', measured: 0 }, {}, {}],
    });
    for (const each of ['a', 'b']) {
      t.match(await desired(each), { model: { version: 'v2', releaseCounter }, shadow: null });
      await world.devices.report(each, 'confirmed');
    }
    await background.tick();
    t.match((await show(id)).groups, [{ state: 'finished' }, { state: 'running' }]);
    t.match(await desired('c'), { model: { version: 'v2' } });
    t.equal((await desired('c')).shadow, undefined);
    await rollBack(services, who, id);
    await background.tick();
    for (const each of ['a', 'b', 'c']) t.match(await desired(each), { model: { version: 'v1' } });
  });

  t.test(
    'one that decides otherwise never decides; resume tries it again, abort takes it away',
    async (t) => {
      const { id } = await start();
      for (let k = 1; k < 15 && (await show(id)).state === 'running'; k++) await minute(k * 10, k * 5);
      t.match(await show(id), {
        state: 'paused',
        reason: /^Shadow first: the champion decides otherwise on 50 % .* the gate allows 10 %/,
        groups: [{ state: 'failed' }, { state: 'scheduled' }],
      });
      t.equal((await desired('a')).shadow, null, 'it is taken away');
      t.ok(world.devices.told.every(({ change }) => change.model === undefined));
      await t.rejects(rollBack(services, who, id), { code: 'rollout_no_previous' });

      for (const each of ['a', 'b']) await report(each, 0, 0);
      await resumeRollout(services, who, id);
      await background.tick();
      t.match((await show(id)).groups[0], { state: 'shadowing', trial: [] });
      t.match(await desired('a'), { shadow: { model: { version: 'v2' } } });
      await minute(10, 0);
      t.equal((await show(id)).state, 'running', 'measured anew');

      await service.pauseRollout(services, who, id);
      await background.tick();
      t.ok((await desired('a')).shadow, 'a pause of people leaves it where it is');
      await service.abortRollout(services, who, id);
      await background.tick();
      for (const each of ['a', 'b']) t.equal((await desired(each)).shadow, null);
      t.ok(world.devices.told.every(({ change }) => change.model === undefined));
    },
  );

  t.test('golden frames that fail on one device stop it', async (t) => {
    const { id } = await start();
    await report('a', 0, 0);
    await report('b', 0, 0, 'failed');
    world.advance(5000);
    await background.tick();
    t.match(await show(id), {
      state: 'paused',
      reason: 'Shadow first: in the shadow it does not run on b (it differs).',
    });
  });

  t.test('people keep their challengers, and a stop of the fleet holds', async (t) => {
    await setChallenger(services, who, { modelVersionId: 'v0', share: 0.5, deviceIds: ['b'] });
    await stopFleet(services, who, 'smoke');
    await t.rejects(start(), { code: 'fleet_stopped' });
    await liftStop(services, who);
    const [staged] = await repository.listRollouts(db);
    await service.startRollout(services, who, staged!.id);
    await background.tick();
    t.match(await desired('a'), { shadow: { model: { version: 'v2' } } });
    t.match(await desired('b'), { shadow: { model: { version: 'v0' }, share: 0.5 } });
    for (const compared of [10, 20, 30, 40, 50, 60]) {
      atMs += 60_000;
      world.advance(60_000);
      await report('a', compared, 0);
      await background.tick();
    }
    t.match((await show(staged!.id)).groups[0], { state: 'running' }, 'a was proof enough');
    t.match(await desired('b'), { model: { version: 'v2' }, shadow: { model: { version: 'v0' } } });
  });

  t.test('beside a model that knows nothing there is no trial', async (t) => {
    await setChampion(db, 'v0');
    const { id } = await start();
    t.match((await show(id)).groups[0], { state: 'running' });
    t.match(await desired('a'), { model: { version: 'v2' } });
    t.equal((await desired('a')).shadow, undefined);
  });
});
