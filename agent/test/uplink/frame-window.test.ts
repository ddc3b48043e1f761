import t from 'tap';
import { backoffMs } from '../../src/uplink/backoff.js';
import { FrameWindow } from '../../src/uplink/frame-window.js';

const options = { frames: 3, bytes: 1 << 20, receiptTimeoutMs: 1000 };
const waiting = (ids: string[]) => (limit: number, skip: ReadonlySet<string>) =>
  ids.filter((id) => !skip.has(id)).slice(0, limit);

t.test('the window fills, and a receipt makes room', async (t) => {
  const window = new FrameWindow(options);
  const peek = waiting(['a', 'b', 'c', 'd']);
  for (const id of ['a', 'b', 'c']) {
    t.equal(window.next(0, peek), id);
    window.sent(id, 10, 0);
  }
  t.equal(window.next(0, peek), null);
  window.settled('b', 1);
  t.equal(window.next(1, waiting(['a', 'c', 'd'])), 'd');
});

t.test(
  'a receipt is awaited from the acknowledgement on; without one the link is what is stuck',
  async (t) => {
    const window = new FrameWindow(options);
    window.sent('a', 10, 0);
    t.equal(window.releaseOverdue(5000), 0, 'not acknowledged: not overdue');
    t.equal(window.stalled(999), false);
    t.equal(window.stalled(1000), true);
    window.acknowledged('a', 1000);
    t.equal(window.stalled(9000), false);
    t.equal(window.releaseOverdue(1999), 0);
    t.equal(window.releaseOverdue(2000), 1);
    t.equal(window.next(2000, waiting(['a'])), 'a', 'it may be sent again');
  },
);

t.test('a slow link gets one frame at a time, a fast one a full window', async (t) => {
  const frames = { frames: 100, bytes: 8 << 20, receiptTimeoutMs: 60_000 };
  const inFlight = (latencyMs: number) => {
    const window = new FrameWindow(frames);
    let now = 0;
    let next = 0;
    let most = 0;
    const sent: string[] = [];
    for (let round = 0; round < 60; round++) {
      while (window.next(now, () => [`f${next}`]) !== null) {
        window.sent(`f${next}`, 100_000, now);
        sent.push(`f${next++}`);
      }
      most = sent.length;
      now += latencyMs;
      const first = sent.shift() ?? '';
      window.acknowledged(first, now);
      window.settled(first, now);
    }
    return most;
  };
  t.ok(inFlight(10) > 50);
  t.ok(inFlight(12_000) <= 2, '100 KB in twelve seconds');
});

t.test('a frame that was on three lost connections travels alone and ever more rarely', async (t) => {
  const window = new FrameWindow(options);
  let now = 0;
  for (let i = 0; i < 3; i++) {
    window.sent('poison', 10, now);
    window.sent('beside', 10, now);
    window.connectionLost(now);
  }
  t.equal(window.next(now, waiting(['poison', 'beside'])), null, 'both wait a little');
  t.equal(window.next(now, waiting(['poison', 'beside', 'fresh'])), 'fresh');
  now = 1000;
  t.equal(window.next(now, waiting(['poison', 'beside'])), 'poison');
  window.sent('poison', 10, now);
  t.equal(window.next(now, waiting(['poison', 'beside'])), null, 'one suspect at a time');
  window.connectionLost(now);
  t.equal(window.next(now, waiting(['poison', 'beside'])), 'beside');
  window.sent('beside', 10, now);
  window.settled('beside', now);
  t.equal(window.next(now + 900, waiting(['poison'])), null, 'its wait doubles');
  t.equal(window.next(now + 2000, waiting(['poison'])), 'poison', 'and it is never given up');
});

t.test('waits double up to a limit and are spread', async (t) => {
  const limits = { minMs: 100, maxMs: 1000 };
  t.strictSame(
    [0, 1, 2, 3, 4, 60].map((attempt) => backoffMs(attempt, limits, 0.999999)),
    [100, 200, 400, 800, 1000, 1000],
  );
  t.equal(backoffMs(2, limits, 0), 200);
});
