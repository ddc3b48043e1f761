import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { Turnstile } from '../../src/broker/turnstile.js';
import { until } from '../helpers/engines.js';

/** A port behind a turnstile, and so many connections to it, in order. */
async function crowd(
  t: Test,
  count: number,
  times: { atOnce: number; countedMs: number; patienceMs: number },
) {
  const arrived: Socket[] = [];
  const entered: Socket[] = [];
  let away = 0;
  const turnstile = new Turnstile(
    times,
    (socket) => entered.push(socket),
    () => away++,
  );
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    arrived.push(socket);
    turnstile.arrive(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const clients = Array.from({ length: count }, () => connect(port, '127.0.0.1'));
  t.teardown(() => {
    for (const socket of [...clients, ...arrived]) socket.destroy();
    server.close();
  });
  await until(() => arrived.length === count, 'all have arrived');
  return { turnstile, arrived, entered, clients, away: () => away };
}

t.test('a few at a time, in the order in which they came', async (t) => {
  const { turnstile, arrived, entered } = await crowd(t as Test, 6, {
    ...{ atOnce: 2, countedMs: 60_000, patienceMs: 60_000 },
  });
  t.same(entered, arrived.slice(0, 2));
  turnstile.leave(arrived[1]!);
  turnstile.leave(arrived[1]!);
  t.same(entered, arrived.slice(0, 3), 'one place for one that left, however often it says so');
  arrived[0]!.destroy();
  await until(() => entered.length === 4, 'a connection that breaks makes room too');
  arrived[4]!.destroy();
  await once(arrived[4]!, 'close');
  turnstile.leave(arrived[2]!);
  t.equal(entered.at(-1), arrived[5], 'one that went away has no turn');
});

t.test('one that takes for ever keeps nobody out', async (t) => {
  const { arrived, entered } = await crowd(t as Test, 5, { atOnce: 1, countedMs: 20, patienceMs: 60_000 });
  await until(() => entered.length === 5, 'all are in');
  t.same(entered, arrived);
});

t.test('one that waited too long is turned away', async (t) => {
  const patienceMs = 20;
  const { turnstile, arrived, entered, away } = await crowd(t as Test, 3, {
    ...{ atOnce: 1, countedMs: 60_000, patienceMs },
  });
  const lastMs = performance.now();
  await until(() => performance.now() - lastMs > patienceMs, 'patience is over');
  turnstile.leave(arrived[0]!);
  await until(() => arrived[1]!.destroyed && arrived[2]!.destroyed, 'they are turned away');
  t.same(entered, arrived.slice(0, 1));
  t.equal(away(), 2);
});
