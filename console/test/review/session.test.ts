import assert from 'node:assert/strict';
import { setImmediate as settled } from 'node:timers/promises';
import fc from 'fast-check';
import t from 'tap';
import { ApiError } from '../../src/api/errors.js';
import type { Answer, ReviewItem } from '../../src/api/types.js';
import { ReviewSession } from '../../src/features/review/session.js';
import type { ReviewPort } from '../../src/features/review/session-state.js';

type Wire = fc.Scheduler;

/** The review queue as the server keeps it for one person: leases under rising tokens, the latest answer standing. */
class Queue {
  readonly #frames = new Map<string, { token: number; leased: boolean; answer: Answer | null }>();
  readonly #answered: string[] = [];

  constructor(size: number) {
    for (let i = 0; i < size; i++) this.#frames.set(`f${i}`, { token: 0, leased: false, answer: null });
  }

  /** Frame id → class, of the frames that have a label. */
  labels(): Map<string, string> {
    const labelled = [...this.#frames].filter(([, { answer }]) => answer?.kind === 'class');
    return new Map(labelled.map(([id, { answer }]) => [id, answer?.kind === 'class' ? answer.classId : '']));
  }

  /** The queue at the other end of a network on which requests and answers take as long as `wire` says. */
  port(wire: Wire): ReviewPort {
    const over = async <T>(what: string, served: () => T): Promise<T> => {
      await wire.schedule(Promise.resolve(), `${what} arrives`);
      const result = served();
      await wire.schedule(Promise.resolve(), `${what} is answered`);
      return result;
    };
    return {
      lease: (count) => over('lease', () => this.#lease(count)),
      heartbeat: () => over('heartbeat', () => []),
      answer: (given) => over('answer', () => this.#answer(given.frameId, given.answer)),
      undo: () => over('undo', () => this.#undo()),
    };
  }

  #lease(count: number): ReviewItem[] {
    const open = [...this.#frames].filter(([, { answer }]) => answer === null);
    open.sort(([, a], [, b]) => Number(b.leased) - Number(a.leased));
    return open.slice(0, count).map(([id, frame]) => {
      if (!frame.leased) {
        frame.leased = true;
        frame.token++;
      }
      return this.#item(id);
    });
  }

  #answer(id: string, answer: Answer): { secondOpinion: boolean } {
    Object.assign(this.#frames.get(id)!, { leased: false, answer });
    this.#answered.push(id);
    return { secondOpinion: false };
  }

  #undo(): ReviewItem {
    const id = this.#answered.pop()!;
    const frame = this.#frames.get(id)!;
    Object.assign(frame, { leased: true, answer: null, token: frame.token + 1 });
    return this.#item(id);
  }

  #item = (id: string) => ({ frame: { id }, token: this.#frames.get(id)!.token }) as ReviewItem;
}

t.test('whatever the network does, every frame is shown once and keeps its last answer', async () => {
  const steps = fc.array(
    fc.oneof(fc.constantFrom('undo', 'redo'), fc.constantFrom('a', 'b'), fc.constant('wait')),
    {
      maxLength: 60,
      size: 'max',
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), steps, async (wire, steps) => {
      const queue = new Queue(30);
      const session = new ReviewSession(
        queue.port(wire),
        { adopt: async () => [], elsewhere: () => new Set<string>(), save() {} },
        () => 'request',
      );
      const given: [frameId: string, classId: string][] = [];
      const takenBack: [frameId: string, classId: string][] = [];
      session.start({ onConfirmed() {}, onRefused() {}, onSecondOpinion() {} });
      try {
        for (const step of steps) {
          await settled();
          const [shown] = session.getSnapshot().items;
          if (step === 'redo') {
            const last = takenBack.at(-1);
            session.redo();
            if (last && shown?.frame.id === last[0]) given.push(takenBack.pop() ?? last);
          } else if (step === 'wait' || (step !== 'undo' && !shown)) {
            if (wire.count() > 0) await wire.waitOne();
          } else if (step === 'undo') {
            const last = given.pop();
            if (!last) continue;
            session.undo();
            takenBack.push(last);
          } else if (shown) {
            assert(!given.some(([id]) => id === shown.frame.id), `${shown.frame.id} was answered already`);
            session.answer(shown.frame.id, { kind: 'class', classId: step }, 0);
            given.push([shown.frame.id, step]);
            takenBack.length = 0;
          }
        }
        await wire.waitIdle();
        assert.deepEqual([...queue.labels()].sort(), given.sort());
        const back = session.getSnapshot().items.filter(({ frame }) => given.some(([id]) => id === frame.id));
        assert.deepEqual(back, [], 'no answered frame comes back');
      } finally {
        session.stop();
      }
    }),
    { numRuns: 1000 },
  );
});

t.test('when the server is back, answers are sent and frames are taken at once', async (t) => {
  let reachable = true;
  const sent: string[] = [];
  const reach = () => {
    if (!reachable) throw new ApiError(0, 'network', 'away');
  };
  const item = (id: string) => ({ frame: { id }, token: 1 }) as ReviewItem;
  const port: ReviewPort = {
    async lease() {
      reach();
      return sent.length === 0 ? [item('f1')] : [item('f2')];
    },
    heartbeat: async () => [],
    async answer({ frameId }) {
      reach();
      sent.push(frameId);
      return { secondOpinion: false };
    },
    undo: async () => item('f1'),
  };
  const session = new ReviewSession(port, {
    adopt: async () => [],
    elsewhere: () => new Set<string>(),
    save() {},
  });
  session.start({ onConfirmed() {}, onRefused() {}, onSecondOpinion() {} });
  t.teardown(() => session.end());
  await settled();
  reachable = false;
  session.answer('f1', { kind: 'unsure' }, 0);
  await settled();
  t.match(session.getSnapshot(), { phase: 'failed', pending: 1, offline: true });
  reachable = true;
  session.wake();
  await settled();
  await settled();
  t.match(session.getSnapshot(), { phase: 'ready', pending: 0, offline: false });
  t.strictSame(sent, ['f1']);
  t.equal(session.getSnapshot().items[0]?.frame.id, 'f2');
});

t.test('boxes that were drawn go with the answer, and come back with it', async (t) => {
  const sent: unknown[] = [];
  const item = (id: string) => ({ frame: { id }, token: 1 }) as ReviewItem;
  const port: ReviewPort = {
    lease: async () => [item('f0'), item('f1')],
    heartbeat: async () => [],
    answer: async ({ frameId, boxes }) => {
      sent.push([frameId, boxes]);
      return { secondOpinion: false };
    },
    undo: async () => item('f0'),
  };
  const drawn = new Map([['f0', [{ classId: 'dent', x: 1, y: 2, width: 3, height: 4 }]]]);
  const [boxes] = drawn.values();
  const drafts = {
    get: (id: string) => drawn.get(id),
    set: (id: string, given: readonly (typeof boxes & object)[number][] | null) => {
      if (given) drawn.set(id, [...given]);
      else drawn.delete(id);
    },
  };
  const session = new ReviewSession(
    port,
    { adopt: async () => [], elsewhere: () => new Set<string>(), save() {} },
    () => 'request',
    drafts,
  );
  session.start({ onConfirmed() {}, onRefused() {}, onSecondOpinion() {} });
  await settled();
  session.answer('f0', { kind: 'unsure' }, 0);
  t.equal(drawn.size, 0);
  session.undo();
  t.strictSame(drawn.get('f0'), boxes, 'as the person left them');
  session.answer('f0', { kind: 'skip' }, 0);
  t.strictSame(drawn.get('f0'), boxes, 'a skipped frame comes back');
  await settled();
  await settled();
  session.stop();
  t.strictSame(sent.slice(0, 2), [
    ['f0', boxes],
    ['f0', undefined],
  ]);
});
