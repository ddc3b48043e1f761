import { eq } from 'drizzle-orm';
import { jobs } from '../../src/db/schema.js';
import * as queue from '../../src/jobs/queue.js';
import { createJobRunner, type JobHandler, TryAgain } from '../../src/jobs/runner.js';
import { openWorld } from '../features/world.js';
import { onEachEngine, until } from '../helpers/engines.js';

onEachEngine('jobs', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  t.beforeEach(() => world.reset());

  const enqueue = (n: number) => queue.enqueue(db, { kind: 'work', payload: { n } }, services.now());
  const stateOf = async (id: string) => (await db.select().from(jobs).where(eq(jobs.id, id)))[0]!;
  const runner = (run: JobHandler['run'], failed: JobHandler['failed'] = async () => {}) =>
    createJobRunner({
      db,
      log: services.log,
      now: services.now,
      handlers: { work: { run, failed } },
      pollMs: 20,
      heartbeatMs: 20,
    });
  const ended = (id: string, state: string) =>
    until(async () => (await stateOf(id)).state === state, `job ${state}`);

  t.test('ten claimers share twenty jobs', async (t) => {
    for (let n = 0; n < 20; n++) await enqueue(n);
    const claimed: string[] = [];
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (;;) {
          const job = await queue.claim(db, ['work'], services.now());
          if (!job) return;
          claimed.push(job.id);
        }
      }),
    );
    // One that was passed over because its row was locked is there for the next claimer.
    for (let left = 20 - claimed.length; left > 0; left--) {
      claimed.push((await queue.claim(db, ['work'], services.now()))!.id);
    }
    t.equal(new Set(claimed).size, 20);
    t.equal(claimed.length, 20);
  });

  t.test('a holder that is gone loses the job, and can end it no more', async (t) => {
    const id = await enqueue(1);
    const gone = (await queue.claim(db, ['work'], services.now()))!;
    t.equal(await queue.claim(db, ['work'], services.now()), null);
    world.advance(queue.leaseMs + 1);
    const heir = (await queue.claim(db, ['work'], services.now()))!;
    t.match(heir, { id, attempt: 2 });
    t.equal(await queue.finish(db, gone, { state: 'done' }, services.now()), false);
    t.equal(await queue.renew(db, gone, services.now()), false);
    t.equal(await queue.finish(db, heir, { state: 'done' }, services.now()), true);
  });

  t.test('work that may succeed later is tried three times', async (t) => {
    let tries = 0;
    const failures: string[] = [];
    const id = await enqueue(1);
    const work = runner(
      async () => {
        tries++;
        throw new TryAgain('the worker died');
      },
      async (_job, error) => void failures.push(error.message),
    );
    await work.start();
    await ended(id, 'failed');
    await work.stop();
    t.equal(tries, 3);
    t.strictSame(failures, ['the worker died']);
  });

  t.test('other failures are final', async (t) => {
    const id = await enqueue(1);
    const work = runner(async () => {
      throw new Error('no use');
    });
    await work.start();
    await ended(id, 'failed');
    await work.stop();
    t.match(await stateOf(id), { attempts: 1, error: 'no use' });
  });

  t.test('a stop puts the work back, and the next start does it', async (t) => {
    const id = await enqueue(1);
    let begun = false;
    const first = runner(
      (_job, signal) =>
        new Promise((_, reject) => {
          begun = true;
          signal.addEventListener('abort', () => reject(new Error('interrupted')));
        }),
    );
    await first.start();
    await until(() => begun, 'work begins');
    await first.stop();
    t.match(await stateOf(id), { state: 'queued', attempts: 0 });
    const second = runner(async () => {});
    await second.start();
    await ended(id, 'done');
    await second.stop();
  });

  t.test('a cancelled job is dropped', async (t) => {
    const id = await enqueue(7);
    let aborted = false;
    let begun = false;
    const work = runner(
      (_job, signal) =>
        new Promise((_, reject) => {
          begun = true;
          signal.addEventListener('abort', () => {
            aborted = true;
            reject(new Error('interrupted'));
          });
        }),
    );
    await work.start();
    await until(() => begun, 'work begins');
    await queue.cancel(db, { n: 7 }, services.now());
    await until(() => aborted, 'the work is told');
    await work.stop();
    t.equal((await stateOf(id)).state, 'cancelled');
  });
});
