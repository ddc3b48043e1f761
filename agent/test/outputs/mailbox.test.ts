import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import t from 'tap';
import { Mailbox } from '../../src/outputs/mailbox.js';
import { until } from '../helpers/until.js';

interface Sending {
  item: number;
  settle(failure?: Error): void;
}

/** A target that answers when it is told to. */
function harness(timeoutMs = 60_000) {
  const sent: Sending[] = [];
  const delivered: number[] = [];
  const failed: number[] = [];
  const state = { ready: true, sent, delivered, failed };
  const mailbox = new Mailbox<number>({
    ready: () => state.ready,
    send: (item, signal) =>
      new Promise((resolve, reject) => {
        sent.push({ item, settle: (failure) => (failure ? reject(failure) : resolve()) });
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      }),
    onDelivered: (item) => delivered.push(item),
    onFailed: (item) => failed.push(item),
    monotonicMs: () => performance.now(),
    timeoutMs,
  });
  return { ...state, state, mailbox };
}

const far = (): number => performance.now() + 60_000;

t.test('one is under way, the newest waits, and the others are given up', async (t) => {
  const { mailbox, sent, delivered, failed } = harness();
  for (let item = 0; item < 5; item++) mailbox.post(item, far());
  t.same([sent.map(({ item }) => item), failed], [[0], [1, 2, 3]]);
  sent[0]?.settle();
  await until('the newest is sent', () => sent.length === 2);
  t.same([sent[1]?.item, delivered], [4, [0]]);
  sent[1]?.settle(new Error('refused'));
  await mailbox.idle();
  t.same(failed, [1, 2, 3, 4]);
});

t.test('nothing is sent to a target that is not ready, nor after it was due', async (t) => {
  const { mailbox, state, sent, failed } = harness();
  state.ready = false;
  mailbox.post(1, performance.now() + 20);
  t.ok(mailbox.waiting);
  await mailbox.idle();
  state.ready = true;
  mailbox.pump();
  mailbox.post(2, performance.now() - 1);
  t.same([sent, failed], [[], [1, 2]]);
});

t.test(
  'one that is not answered is given up when it is due, and what never expires has its own limit',
  async (t) => {
    const { mailbox, sent, failed } = harness(20);
    mailbox.post(1, performance.now() + 20);
    await mailbox.idle();
    mailbox.post(2, Infinity);
    await mailbox.idle();
    t.same(
      [sent.map(({ item }) => item), failed],
      [
        [1, 2],
        [1, 2],
      ],
    );
  },
);

t.test('whatever happens in whatever order: each is sent once at most, in order, and ends once', async () => {
  const step = fc.oneof(
    fc.constant('post' as const),
    fc.constant('deliver' as const),
    fc.constant('fail' as const),
    fc.constant('toggle' as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { mailbox, state, sent, delivered, failed } = harness();
      let posted = 0;
      let settled = 0;
      for (const next of steps) {
        if (next === 'post') mailbox.post(posted++, far());
        else if (next === 'toggle') {
          state.ready = !state.ready;
          mailbox.pump();
        } else if (settled < sent.length) {
          sent[settled++]?.settle(next === 'fail' ? new Error('refused') : undefined);
          await setImmediate();
        }
      }
      state.ready = true;
      mailbox.pump();
      while (settled < sent.length) {
        sent[settled++]?.settle();
        await setImmediate();
      }
      const order = sent.map(({ item }) => item);
      const ends = [...delivered, ...failed].sort((a, b) => a - b);
      return (
        order.every((item, index) => index === 0 || item > (order[index - 1] ?? 0)) &&
        ends.length === posted &&
        ends.every((item, index) => item === index) &&
        (posted === 0 || order.at(-1) === posted - 1)
      );
    }),
    { numRuns: 200 },
  );
});
