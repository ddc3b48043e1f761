import { eq, sql } from 'drizzle-orm';
import { devices, rolloutExecutions } from '../../src/db/schema.js';
import { setChampion } from '../../src/features/models/repository.js';
import { createRolloutsBackground } from '../../src/features/rollouts/background.js';
import { canaryGate, type Gate, usualGate } from '../../src/features/rollouts/plan.js';
import * as repository from '../../src/features/rollouts/repository.js';
import { resumeRollout } from '../../src/features/rollouts/resume.js';
import * as service from '../../src/features/rollouts/service.js';
import { onEachEngine } from '../helpers/engines.js';
import { telemetryOf } from '../helpers/telemetry.js';
import { addDevice, addFrame, addModel, openWorld } from './world.js';

const who = 'ann@example.org';

onEachEngine('gates on what the model decides', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  const background = createRolloutsBackground(services);
  /** The clock of the device. */
  let atMs = 0;

  t.beforeEach(async () => {
    await world.reset();
    atMs = services.now();
    for (const number of [0, 1, 2]) await addModel(world, number);
    await db.execute(sql`update model_versions
      set manifest = jsonb_set(manifest, '{decision,method}', '"exact"') where id <> 'v0'`);
    await addDevice(world, 'a');
    await addDevice(world, 'b');
    await setChampion(db, 'v1');
  });
  const start = async (quality: NonNullable<Gate['quality']>, soakSeconds = 86_400) => {
    const { id } = await service.createRollout(services, who, {
      modelVersionId: 'v2',
      strategy: {
        kind: 'staged',
        groups: [
          {
            ...{ name: 'Canary', size: { kind: 'devices', devices: 1 } },
            gate: { ...canaryGate, soakSeconds, quality },
          },
          { name: 'Rest', size: { kind: 'rest' }, gate: usualGate },
        ],
      },
    });
    const rollout = await service.startRollout(services, who, id);
    await background.tick();
    return rollout;
  };
  const show = async (id: string) =>
    (await repository.toRollouts(db, [await repository.rolloutById(db, id)]))[0]!;
  const desired = async (id: string) =>
    (await db.select().from(devices).where(eq(devices.id, id)))[0]?.desired as {
      model?: { version: string };
      shadow?: { model: { version: string; releaseCounter: number } } | null;
    } | null;
  /** The device counts on; a minute passes. */
  const count = async (compared: number, disagreed: number) => {
    atMs += 60_000;
    world.advance(60_000);
    const releaseCounter = (await desired('a'))?.shadow?.model.releaseCounter ?? 0;
    const shadow = { version: 'v1', releaseCounter, share: 1, phase: 'active', compared, disagreed };
    await db.execute(
      sql`update devices set telemetry = ${JSON.stringify(
        telemetryOf({ at: atMs, framesDecided: compared, framesFlagged: 0 }),
      )}::jsonb, reported = reported || ${JSON.stringify({ at: atMs, shadow })}::jsonb where id = 'a'`,
    );
    await background.tick();
  };
  const quality: NonNullable<Gate['quality']> = {
    conditions: [{ kind: 'disagreement', limit: 0.1 }],
    ...{ falseAlarm: 0.01, observations: 3, apartSeconds: 60 },
  };

  t.test('a model that decides otherwise than the champion is stopped among the canaries', async (t) => {
    const { id, releaseCounter, reference } = await start(quality);
    t.match(reference, { modelVersionId: 'v1' });
    t.ok((reference?.releaseCounter ?? 0) > releaseCounter, 'devices take it beside the new one');
    t.equal(world.published.length, 2);
    t.match(await desired('a'), { model: { version: 'v2' }, shadow: { model: { version: 'v1' } } });
    await world.devices.report('a', 'confirmed');
    await background.tick();
    t.match((await show(id)).groups[0], { state: 'soaking', quality: [{ state: 'gathering' }] });
    let compared = 0;
    for (let minute = 0; minute < 12 && (await show(id)).state === 'running'; minute++) {
      compared += 10;
      await count(compared, compared * 0.4);
    }
    t.match(await show(id), {
      state: 'paused',
      reason:
        /^Canary: the champion decides otherwise on 40 % of the frames, in \d+ observations; the gate allows 10 %/,
      groups: [{ state: 'failed', quality: [{ state: 'violated', measured: 0.4 }] }, { state: 'scheduled' }],
    });
    t.equal(await desired('b'), null, 'nobody else was told');

    await resumeRollout(services, who, id);
    await background.tick();
    t.match((await show(id)).groups[0], { state: 'soaking' }, 'measured anew after a resumption');
    await service.abortRollout(services, who, id);
    await background.tick();
    t.equal((await desired('a'))?.shadow, null, 'and the champion leaves the shadow');
  });

  t.test('a good model goes on, once enough was seen', async (t) => {
    const { id } = await start(quality, 60);
    await world.devices.report('a', 'confirmed');
    await background.tick();
    await count(10, 0);
    world.advance(61_000);
    await background.tick();
    t.match((await show(id)).groups[0], { state: 'soaking' }, 'the soak is over, but little was seen');
    for (const compared of [20, 30, 40]) await count(compared, 1);
    t.match((await show(id)).groups, [
      { state: 'finished', quality: [{ state: 'holding', observations: 3 }] },
      { state: 'running' },
    ]);
    await background.tick();
    t.equal((await desired('a'))?.shadow, null);
    t.match(await desired('b'), { model: { version: 'v2' } });
    t.notOk((await desired('b'))?.shadow, 'a group that does not watch it has no shadow');
  });

  t.test('classes are compared with what the champion decided on the same device', async (t) => {
    const decide = async (modelVersion: string, n: number, classId: (k: number) => string, now: Date) => {
      for (let k = 0; k < n; k++) {
        atMs += 60_000;
        const id = await addFrame(world, {
          ...{ deviceId: 'a', cameraId: 'cam', capturedAtMs: atMs },
          reasons: [{ kind: 'audit', score: 0.9 }],
          decision: {
            ...{
              modelVersion,
              classId: classId(k),
              confidence: 0.9,
              margin: 0.8,
              accepted: true,
              latencyMs: 1,
            },
            probabilities: { a: 0.9, b: 0.1 },
          },
        });
        await db.execute(
          sql`update frames set received_at = ${now.toISOString()}::timestamptz where id = ${id}`,
        );
      }
    };
    await world.devices.report('a', 'idle');
    await db.execute(sql`update devices
      set reported = jsonb_set(reported, '{model}', '{"version":"v1","releaseCounter":1}') where id = 'a'`);
    await decide('v1', 120, (k) => (k % 2 ? 'a' : 'b'), new Date(services.now() - 60_000));
    const { id } = await start({ ...quality, conditions: [{ kind: 'class_share', limit: 0.1 }] });
    await world.devices.report('a', 'confirmed');
    await background.tick();
    await decide('v2', 60, () => 'a', new Date(services.now() + 1000));
    world.advance(10_000);
    await background.tick();
    t.match(await show(id), {
      state: 'paused',
      reason: /^Canary: class (a more often|b more seldom): .*before 50 %/,
    });
  });

  t.test(
    'beside a model that knows nothing there is nothing to compare, and nothing is waited for',
    async (t) => {
      await setChampion(db, 'v0');
      const { id, reference } = await start(quality, 60);
      t.equal(reference, null);
      await world.devices.report('a', 'confirmed');
      await background.tick();
      world.advance(61_000);
      await background.tick();
      t.match((await show(id)).groups[0], { state: 'finished', quality: [] });
      const [row] = await db.select().from(rolloutExecutions).where(eq(rolloutExecutions.deviceId, 'a'));
      t.equal(row?.previousModelVersionId, null);
    },
  );
});
