import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import t from 'tap';
import { openDatabase } from '../../src/db/open.js';
import { sqlState } from '../../src/db/retried-transaction.js';
import { auditLog } from '../../src/db/schema.js';
import { createAudit, listEntries, verifyChain } from '../../src/features/audit/audit-log.js';
import { canonicalJson, chainStart, entryHash } from '../../src/features/audit/chain.js';
import { onEachEngine, temporaryFolder } from '../helpers/engines.js';

onEachEngine('what was written stays, and a change shows', async (t, engine) => {
  const dataDir = await temporaryFolder(t);
  const database = await openDatabase({ dataDir, ...(await engine.prepare(dataDir)) });
  t.teardown(() => database.close());
  const { db } = database;
  t.match(await verifyChain(database), { intact: true, entries: 0, head: chainStart, keptFound: null });

  // From before there was a chain.
  await db.insert(auditLog).values({ actor: 'old', action: 'a.b', subject: 's' });
  const audit = createAudit(database);
  const details = [{ z: 1, a: { y: [1.5, null, 'ä\u2028'], b: undefined } }, { at: new Date(0) }, {}];
  await Promise.all(
    Array.from({ length: 30 }, (_, i) =>
      audit.record({
        actor: `${i}`,
        action: 'label.revoke',
        subject: 'x',
        detail: details[i % 3] as Record<string, unknown>,
      }),
    ),
  );
  const whole = await verifyChain(database);
  t.match(whole, { intact: true, entries: 30, unchained: 1, broken: null });
  const { items } = await listEntries(database, { limit: 100 });
  t.equal(items[0]?.hash, whole.head);
  t.equal(new Set(items.map(({ hash }) => hash)).size, 31);

  const found = async (query: Omit<Parameters<typeof listEntries>[1], 'limit'>) =>
    (await listEntries(database, { limit: 100, ...query })).items.length;
  t.equal(await found({ text: 'LABEL x' }), 30, 'words in any field, in any case');
  t.equal(await found({ text: '1.5' }), 10, 'the detail too');
  t.equal(await found({ text: '%' }), 0, 'a wildcard is a letter like any other');
  t.equal(await found({ action: 'label' }), 30);
  t.equal(await found({ action: 'lab' }), 0);
  t.equal(await found({ action: 'label.revoke', actor: '7' }), 1);
  t.equal(await found({ from: new Date(Date.now() + 60_000).toISOString() }), 0);
  t.equal(await found({ until: new Date(Date.now() + 60_000).toISOString(), actor: 'old' }), 1);

  for (const statement of [
    sql`update audit_log set actor = 'somebody else' where id = ${items[9]?.id}`,
    sql`delete from audit_log where id = ${items[9]?.id}`,
    sql`truncate audit_log`,
  ]) {
    const refused = await db.execute(statement).then(
      () => null,
      (error: unknown) => error,
    );
    t.equal(sqlState(refused), '23001');
  }
  t.match(await verifyChain(database, whole.head), { intact: true, entries: 30, keptFound: true });

  // Whoever owns the database can take the trigger away; the chain then tells.
  await db.execute(sql`alter table audit_log disable trigger user`);
  const [newest, , third] = items;
  await db.execute(sql`update audit_log set detail = '{"z": 2}' where id = ${third?.id}`);
  t.match(await verifyChain(database), { intact: false, entries: 27, broken: { id: third?.id } });
  await db.execute(sql`delete from audit_log where id = ${third?.id}`);
  t.match(await verifyChain(database), { intact: false, entries: 27, broken: { id: items[1]?.id } });
  await db.execute(sql`delete from audit_log where id > ${third?.id}`);
  t.match(await verifyChain(database), { intact: true, entries: 27 }, 'a cut end follows from nothing');
  t.match(await verifyChain(database, newest?.hash ?? ''), { intact: false, keptFound: false, broken: null });
  await db.execute(sql`update audit_log set hash = null`);
  t.match(await verifyChain(database, whole.head), { intact: false, keptFound: false });
});

t.test('the hash tells apart what differs and nothing else', async () => {
  const statement = fc.record({
    at: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }),
    actor: fc.string(),
    action: fc.string(),
    subject: fc.string(),
    detail: fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<Record<string, unknown>>,
  });
  fc.assert(
    fc.property(statement, statement, (one, other) => {
      const same = canonicalJson(one) === canonicalJson(other);
      return (entryHash(chainStart, one) === entryHash(chainStart, other)) === same;
    }),
  );
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const turned = JSON.parse(JSON.stringify(value), (_key, inner) =>
        inner !== null && typeof inner === 'object' && !Array.isArray(inner)
          ? Object.fromEntries(Object.entries(inner).reverse())
          : inner,
      );
      return canonicalJson(value) === canonicalJson(turned);
    }),
  );
});
