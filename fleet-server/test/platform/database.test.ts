import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eq, sql } from 'drizzle-orm';
import t from 'tap';
import { openDatabase } from '../../src/db/open.js';
import { sqlState } from '../../src/db/retried-transaction.js';
import { devices, quarantine, settings } from '../../src/db/schema.js';
import { lockFolder } from '../../src/files/folder-lock.js';
import { engines, onEachEngine, temporaryFolder } from '../helpers/engines.js';

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

onEachEngine('the same queries give the same answers', async (t, engine) => {
  const dataDir = await temporaryFolder(t);
  const database = await openDatabase({ dataDir, ...(await engine.prepare(dataDir)) });
  t.teardown(() => database.close());
  const { db } = database;
  t.equal(database.engine, engine.name);

  const payload = Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 256));
  await db.insert(quarantine).values({ deviceId: 'd', topic: 't', code: 'c', message: 'ä€𝄞', payload });
  const [row] = await db.select().from(quarantine);
  t.ok(row && Buffer.from(row.payload).equals(payload), 'bytes come back as they were');
  t.equal(row?.message, 'ä€𝄞');
  t.ok(row?.at instanceof Date);

  await db.insert(settings).values({ key: 'a', value: { n: 1, list: [null, 'x'] } });
  t.same((await db.select().from(settings))[0]?.value, { n: 1, list: [null, 'x'] });

  t.equal(sqlState(await failure(db.insert(settings).values({ key: 'a', value: 1 }))), '23505');
  t.equal(sqlState(await failure(db.execute(sql`select nonsense`))), '42703');
  t.equal(sqlState(await failure(db.execute(sql`select 1/0`))), '22012');
  t.equal((await db.execute(sql`select 1 as one`)).rows[0]?.one, 1, 'and it goes on after errors');

  await t.rejects(
    db.transaction(async (tx) => {
      await tx.insert(settings).values({ key: 'rolled back', value: 1 });
      throw new Error('changed my mind');
    }),
    /changed my mind/,
  );
  await failure(
    db.transaction(async (tx) => {
      await tx.insert(settings).values({ key: 'aborted', value: 1 });
      await failure(tx.execute(sql`select 1/0`));
      await tx.insert(settings).values({ key: 'after the error', value: 1 });
    }),
  );
  t.same(
    (await db.select().from(settings)).map(({ key }) => key),
    ['a'],
    'nothing of either transaction is left',
  );

  // Read, then write: transactions that ran into one another would lose some of these.
  await db.insert(settings).values({ key: 'count', value: 0 });
  await Promise.all(
    Array.from({ length: 20 }, () =>
      db.transaction(async (tx) => {
        const [count] = await tx.select().from(settings).where(eq(settings.key, 'count')).for('update');
        await tx
          .update(settings)
          .set({ value: (count?.value as number) + 1 })
          .where(eq(settings.key, 'count'));
      }),
    ),
  );
  t.equal((await db.select().from(settings).where(eq(settings.key, 'count')))[0]?.value, 20);
  const many = Array.from({ length: 1000 }, (_, i) => ({ key: `k${i}`, value: i }));
  t.equal((await db.insert(settings).values(many).returning()).length, 1000);
  t.same(await db.select().from(devices), []);
});

t.test('the data of a PGlite folder is there again when it is opened again', async (t) => {
  const dataDir = await temporaryFolder(t);
  await engines[0]!.prepare(dataDir);
  const first = await openDatabase({ dataDir });
  await first.db.insert(settings).values({ key: 'kept', value: true });
  await first.close();
  const second = await openDatabase({ dataDir });
  t.teardown(() => second.close());
  t.match(await second.db.select().from(settings), [{ key: 'kept' }]);
});

t.test('a second opener is told which process has the folder', async (t) => {
  const dataDir = await temporaryFolder(t);
  await engines[0]!.prepare(dataDir);
  const first = await openDatabase({ dataDir });
  await t.rejects(openDatabase({ dataDir }), {
    code: 'storage_locked',
    message: new RegExp(`process ${process.pid} `),
  });
  await first.close();
  await (await openDatabase({ dataDir })).close();
});

t.test('the lock of a process that is gone is taken over; of many who try, one gets it', async (t) => {
  const path = join(await temporaryFolder(t), 'lock');
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  const stale = JSON.stringify({ pid: child.pid, startedTicks: '1' });
  await writeFile(`${path}.stale`, stale);
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(path)));
  const won = outcomes.filter((outcome) => outcome.status === 'fulfilled');
  t.ok(won.length <= 1, 'never two');
  for (const { value } of won) await value.release();
  const held = await lockFolder(path);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') t.equal(outcome.reason.code, 'storage_locked');
  }
  await t.rejects(lockFolder(path), { code: 'storage_locked' });
  await held.release();

  await writeFile(`${path}.old`, JSON.stringify({ pid: process.pid, startedTicks: '1' }));
  await (await lockFolder(path)).release();
  t.pass('the same pid, started at another time, is another process');
  await writeFile(`${path}.torn`, 'half a li');
  await (await lockFolder(path)).release();
  t.pass('a lock that cannot be read is nobody’s');
});
