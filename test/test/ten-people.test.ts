import { partClasses } from '@lineside/agent/capture/synthetic/line';
import { makeConfig } from '@lineside/fleet-server/config';
import { frames, labels, reviewItems } from '@lineside/fleet-server/db/schema';
import { leaseMs } from '@lineside/fleet-server/features/labelling/lease';
import { engines, temporaryFolder } from '@lineside/fleet-server/testing/engines';
import { oneAnswerEach } from '@lineside/fleet-server/testing/opinions';
import { startTestServer, type TestServer } from '@lineside/fleet-server/testing/test-server';
import type { Browser } from 'playwright-core';
import t, { type Test } from 'tap';
import { storeFrames } from '../src/bench/console/stored-frames.js';
import { launchBrowser, needsChromium } from '../src/system/browser.js';
import { Labeller } from '../src/system/labeller.js';

/** People meet in the database: on Postgres their transactions truly overlap. */
const engine = engines.findLast((each) => !each.skip)!;
const digits = partClasses.length;

/** A server whose queue has so many frames, nothing else happening, and a clock that can be moved. */
async function startQueue(
  t: Test,
  count: number,
): Promise<{ server: TestServer; advance(ms: number): void }> {
  let aheadMs = 0;
  const dataDir = await temporaryFolder(t);
  const { url } = await engine.prepare(dataDir);
  await storeFrames({ dataDir, count, nowMs: Date.now(), labelledShare: 0, databaseUrl: url });
  const config = makeConfig({
    ...{ dataDir, port: 0, devicePort: 0, mqttPort: 0, signInsPerMinute: 1000 },
    ...(url ? { databaseUrl: url } : {}),
  });
  const server = await startTestServer(t, engine, {
    ...{ again: { dataDir, config }, now: () => Date.now() + aheadMs, checkResponses: false },
  });
  t.equal((await server.admin.put('/label-quality/settings', oneAnswerEach)).status, 200);
  return {
    server,
    advance(ms) {
      aheadMs += ms;
    },
  };
}

class Person {
  /** Frames of the largest lease this person was given. */
  mostLent = 0;

  constructor(
    readonly email: string,
    readonly labeller: Labeller,
  ) {
    labeller.page.on('response', (response) => {
      if (!response.url().endsWith('/review/leases') || !response.ok()) return;
      response.json().then(
        ({ items }: { items: unknown[] }) => (this.mostLent = Math.max(this.mostLent, items.length)),
        // The page has gone.
        () => {},
      );
    });
  }

  static async join(server: TestServer, browser: Browser, name: string): Promise<Person> {
    const email = `${name}@example.org`;
    const link = await server.invite('operator', { name, email });
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    const labeller = await Labeller.open(page, link);
    return new Person(email, labeller);
  }

  /** Labels until nothing is left for this person, or `most` frames. */
  async work(most = Number.POSITIVE_INFINITY): Promise<void> {
    const { labeller } = this;
    for (let done = 0; done < most; done++) {
      const shown = await labeller.next();
      if (shown === 'empty') break;
      await labeller.press(shown.frameId, 1 + (labeller.pressed.length % digits));
    }
    await labeller.settled();
  }
}

/** Frame ids in the order of the queue. */
const queueOf = async ({ services: { database } }: TestServer): Promise<string[]> =>
  (await database.db.select({ id: reviewItems.frameId, priority: reviewItems.priority }).from(reviewItems))
    .sort((a, b) => b.priority - a.priority || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);

/** Every frame has one label, which is what the one person who saw it pressed. */
async function labelledOnce(t: Test, server: TestServer, people: readonly Person[]): Promise<void> {
  const { db } = server.services.database;
  const pressed = people.flatMap(({ email, labeller }) =>
    labeller.pressed.map(([frameId, digit]) => `${frameId} ${partClasses[digit - 1]} ${email}`),
  );
  const given = await db.select().from(labels);
  t.strictSame(
    given.map(({ frameId, classId, author }) => `${frameId} ${classId} ${author}`).sort(),
    pressed.sort(),
    'the labels are the keys that were pressed',
  );
  t.strictSame([...new Set(given.map(({ source }) => source))], ['review'], 'none is a second opinion');
  const ids = (await db.select({ id: frames.id }).from(frames)).map(({ id }) => id).sort();
  t.strictSame(given.map(({ frameId }) => frameId).sort(), ids, 'every frame is labelled, and none twice');
  const items = await db.select({ state: reviewItems.state }).from(reviewItems);
  t.ok(
    items.every(({ state }) => state === 'answered'),
    'nothing waits',
  );
}

t.test('ten people empty one queue of 1,000 frames', { timeout: 900_000, ...needsChromium }, async (t) => {
  const { server } = await startQueue(t, 1000);
  const browser = await launchBrowser();
  t.teardown(() => browser.close());
  const queue = await queueOf(server);
  const people: Person[] = [];
  for (let n = 1; n <= 10; n++) people.push(await Person.join(server, browser, `operator-${n}`));
  const startedMs = performance.now();
  await Promise.all(people.map((person) => person.work()));
  const seconds = (performance.now() - startedMs) / 1000;
  t.comment(
    `${queue.length} frames in ${seconds.toFixed(1)} s: ${people.map((p) => p.labeller.pressed.length)}`,
  );

  await labelledOnce(t, server, people);
  for (const { email, labeller } of people) {
    t.ok(labeller.pressed.length >= queue.length / people.length / 4, `${email} was not left without frames`);
  }
  const rank = new Map(queue.map((id, place) => [id, place]));
  const ranks = (ids: readonly string[]) => ids.map((id) => rank.get(id)!);
  for (const { email, labeller } of people) {
    const mine = ranks(labeller.pressed.map(([id]) => id));
    t.strictSame(
      mine,
      mine.toSorted((a, b) => a - b),
      `${email} saw frames in the order of the queue`,
    );
  }

  // The lease window: whoever answers a frame passes over those alone that are on lease at that moment.
  const window = people.reduce((sum, { mostLent }) => sum + mostLent, 0) - 1;
  const given = (await server.services.database.db.select().from(labels)).sort((a, b) => +a.at - +b.at);
  const answered = new Set<number>();
  let passed = 0;
  for (const { frameId, at } of given) {
    for (const other of given) if (+other.at <= +at) answered.add(rank.get(other.frameId)!);
    const mine = rank.get(frameId)!;
    let open = 0;
    for (let place = 0; place < mine; place++) if (!answered.has(place)) open++;
    passed = Math.max(passed, open);
  }
  t.ok(passed <= window, `at most ${passed} frames were passed over, of ${window} that leases may hold`);
});

t.test(
  'a tab that is closed gives its frames back when the lease ends',
  { timeout: 480_000, ...needsChromium },
  async (t) => {
    const { server, advance } = await startQueue(t, 24);
    const browser = await launchBrowser();
    t.teardown(() => browser.close());
    const gone = await Person.join(server, browser, 'gone');
    await gone.work(2);
    await gone.labeller.next();
    await gone.labeller.page.close();
    const { db } = server.services.database;
    const held = (await db.select().from(reviewItems)).filter(
      ({ state, leaseUserId }) => state === 'queued' && leaseUserId !== null,
    );
    t.ok(held.length > 0, `the closed tab holds ${held.length} frames`);

    const stays = await Person.join(server, browser, 'stays');
    await stays.work();
    t.equal(stays.labeller.pressed.length, 22 - held.length, 'nobody else gets them before');
    advance(leaseMs + 1);
    while (stays.labeller.pressed.length < 22) {
      await stays.labeller.page.locator('[data-testid=review-frame][data-state=shown]').waitFor();
      await stays.work();
    }
    await labelledOnce(t, server, [gone, stays]);
  },
);
