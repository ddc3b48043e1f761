import { championId, setChampion } from '../../src/features/models/repository.js';
import { onEachEngine } from '../helpers/engines.js';
import { modelRoutes } from './model-routes.js';
import { addModel, openWorld } from './world.js';

onEachEngine('notes, tags and the challenger', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { db } = world.services.database;
  const app = modelRoutes(t, world);
  const ask = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: object) => {
    const answer = await app.inject({ method, url, ...(body ? { payload: body } : {}) });
    return { status: answer.statusCode, body: answer.json() };
  };
  for (const number of [1, 2, 3]) await addModel(world, number);
  await setChampion(db, 'v1');

  const notes = 'Trained after the new lamp.\nNot for line 3.';
  t.match(await ask('PATCH', '/models/v2', { notes, tags: ['new lamp', 'line 1'] }), {
    status: 200,
    body: { id: 'v2', notes, tags: ['new lamp', 'line 1'] },
  });
  t.match((await ask('PATCH', '/models/v2', { tags: [] })).body, { notes, tags: [] }, 'the rest stays');
  t.equal((await ask('PATCH', '/models/v2', { tags: ['twice', 'twice'] })).status, 400);
  t.equal((await ask('PATCH', '/models/v2', { notes: 'x'.repeat(4001) })).status, 400);
  t.match(await ask('PATCH', '/models/v9', { notes }), {
    status: 404,
    body: { error: { code: 'not_found' } },
  });

  t.match((await ask('POST', '/models/v2/challenger')).body, { challenger: true, champion: false });
  t.match((await ask('POST', '/models/v3/challenger')).body, { challenger: true });
  t.match((await ask('GET', '/models/v2')).body, { challenger: false }, 'there is one at a time');
  t.match(await ask('POST', '/models/v1/challenger'), { status: 409, body: { error: { code: 'conflict' } } });
  t.equal(await championId(db), 'v1');
  t.strictSame(world.devices.told, [], 'no device is told anything');
  t.strictSame(world.published, [], 'and nothing is signed');

  t.match((await ask('POST', '/models/v3/promote')).body, { champion: true, challenger: false });
  await ask('POST', '/models/v1/challenger');
  t.match((await ask('DELETE', '/models/v1/challenger')).body, { challenger: false });
  t.strictSame(
    world.audit.map(({ action, subject }) => [action, subject]),
    [
      ['model.describe', 'v2'],
      ['model.describe', 'v2'],
      ['model.challenger', 'v2'],
      ['model.challenger', 'v3'],
      ['model.promote', 'v3'],
      ['model.challenger', 'v1'],
      ['model.challenger_drop', 'v1'],
    ],
  );
});
