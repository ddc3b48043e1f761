import type { DesiredState } from '@lineside/shared';
import { DesiredState as Desired, decodeMessage } from '@lineside/shared';
import t from 'tap';
import { openDatabase } from '../../src/db/open.js';
import { devices } from '../../src/db/schema.js';
import { DesiredStates } from '../../src/features/devices/desired-states.js';
import { engines, temporaryFolder, until } from '../helpers/engines.js';

t.test('desired states', async (t) => {
  const dataDir = await temporaryFolder(t);
  await engines[0]!.prepare(dataDir);
  const { db, close } = await openDatabase({ dataDir });
  t.teardown(close);
  const ids = Array.from({ length: 2000 }, (_, n) => `d${n}`);
  await db.insert(devices).values(
    ids.map((id) => ({
      ...{ id, name: id, certificatePem: '', certificateSha256: '' },
      certificateExpiresAt: new Date('2100-01-01'),
    })),
  );
  const sent: [string, DesiredState][] = [];
  const failures: unknown[] = [];
  const isConnected = (id: string) => id !== 'd1';
  const states = new DesiredStates({
    ...{ db, isConnected, now: () => 7 },
    publish: async (id, payload) => void sent.push([id, decodeMessage(Desired, payload)]),
    background: (work) => void work.catch((error: unknown) => failures.push(error)),
  });
  t.afterEach(() => {
    sent.length = 0;
  });

  t.test('many at once: each gets its own revision, those that are away nothing', async (t) => {
    await states.set('d0', { rolloutId: 'first' });
    await states.setMany(ids.map((deviceId) => ({ deviceId, change: { policy: { auditShare: 0.1 } } })));
    await until(() => sent.length === ids.length, 'all but one, and the first twice');
    t.match(sent.find(([id, { revision }]) => id === 'd0' && revision === 2)?.[1], {
      rolloutId: 'first',
      policy: { auditShare: 0.1 },
    });
    t.notOk(sent.some(([id]) => id === 'd1'));
    await t.rejects(states.set('nobody', {}), { code: 'device_unknown' });
  });

  t.test('a whole fleet that asks at one moment is answered, each with its own', async (t) => {
    await Promise.all([...ids, 'nobody'].map((id) => states.send(id)));
    t.equal(sent.length, ids.length - 1);
    t.ok(sent.every(([id, { revision }]) => revision === (id === 'd0' ? 2 : 1)));
  });

  t.test('what was read before a change does not follow it', async (t) => {
    const read = states.send('d2');
    await states.set('d2', { rolloutId: 'newer' });
    await read;
    t.equal(sent.at(-1)?.[1].rolloutId, 'newer');
    t.equal(Math.max(...sent.map(([, { revision }]) => revision)), sent.at(-1)?.[1].revision);
  });
  t.same(failures, []);
});
