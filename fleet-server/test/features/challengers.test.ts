import { eq } from 'drizzle-orm';
import { devices } from '../../src/db/schema.js';
import * as service from '../../src/features/challengers/service.js';
import { onEachEngine } from '../helpers/engines.js';
import { reportedState } from '../helpers/reported.js';
import { addDevice, addModel, openWorld } from './world.js';

const who = 'ann@example.org';

onEachEngine('challengers', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  for (const number of [1, 2]) await addModel(world, number);
  for (const id of ['a', 'b', 'c']) await addDevice(world, id);
  const shadows = async () =>
    (await service.listChallengers(services)).map(({ deviceId, modelVersionId, share, releaseCounter }) => [
      deviceId,
      modelVersionId,
      share,
      releaseCounter,
    ]);

  await t.rejects(service.setChallenger(services, who, { modelVersionId: 'v9', share: 1 }), {
    code: 'not_found',
  });
  await t.rejects(
    service.setChallenger(services, who, { modelVersionId: 'v1', share: 1, deviceIds: ['x'] }),
    {
      code: 'device_unknown',
    },
  );
  t.strictSame(world.published, [], 'nothing was signed for it');

  await service.setChallenger(services, who, { modelVersionId: 'v2', share: 0.5, deviceIds: ['a'] });
  t.strictSame(await shadows(), [['a', 'v2', 0.5, world.published[0]?.custom.releaseCounter]]);
  t.match(world.published, [{ path: /^models\/lineside\/v2\/\d+\/manifest\.json$/ }]);
  const first = world.published[0]?.custom.releaseCounter;

  await service.setChallenger(services, who, { modelVersionId: 'v2', share: 0.1, deviceIds: ['a'] });
  t.strictSame(await shadows(), [['a', 'v2', 0.1, first]], 'another share is the same release');
  t.equal(world.published.length, 1);

  await services.devices.setDesired('c', {
    model: { version: 'v2', releaseCounter: 9, target: 'x', manifestSha256: '0'.repeat(64) },
  });
  await service.setChallenger(services, who, { modelVersionId: 'v2', share: 1 });
  const second = world.published[1]?.custom.releaseCounter as number;
  t.ok(second > Number(first), 'the counter rises');
  t.strictSame(
    await shadows(),
    [
      ['a', 'v2', 1, first],
      ['b', 'v2', 1, second],
    ],
    'all but the one that decides with it',
  );
  await t.rejects(
    service.setChallenger(services, who, { modelVersionId: 'v2', share: 1, deviceIds: ['c'] }),
    {
      code: 'conflict',
    },
  );

  const shadow = {
    version: 'v2',
    releaseCounter: second,
    share: 1,
    phase: 'confirmed' as const,
    compared: 400,
    disagreed: 12,
  };
  await services.database.db
    .update(devices)
    .set({ reported: reportedState({ shadow }) })
    .where(eq(devices.id, 'b'));
  t.match(await service.listChallengers(services), [{ reported: null }, { reported: shadow }]);

  t.equal(await service.takeChallengerBack(services, who, ['a']), 1);
  t.equal(world.devices.told.at(-1)?.change.shadow, null);
  t.equal(await service.takeChallengerBack(services, who), 1);
  t.equal(await service.takeChallengerBack(services, who), 0);
  t.strictSame(await shadows(), []);
  t.strictSame(
    world.audit.map(({ action, subject }) => [action, subject]),
    [
      ['challenger.set', 'v2'],
      ['challenger.set', 'v2'],
      ['challenger.set', 'v2'],
      ['challenger.take_back', 'v2'],
      ['challenger.take_back', 'v2'],
    ],
  );
});
