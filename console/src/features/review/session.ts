import { toApiError } from '../../api/errors.js';
import type { Answer, FrameBox, ReviewItem } from '../../api/types.js';
import { type BoxDrafts, noDrafts } from '../boxes/drafts.js';
import { countOf, type Operation, type OperationStore } from './operations.js';
import { mergeLeased, type ReviewHooks, type ReviewPort, type ReviewSnapshot } from './session-state.js';

const held = 8;
const refillBelow = 6;
const heartbeatMs = 40_000;
const emptyPollMs = 8_000;
const firstRetryMs = 500;
const longestRetryMs = 10_000;
const undoDepth = 50;

const nextRetry = (beforeMs: number, longestMs: number): number =>
  Math.min(longestMs, beforeMs === 0 ? firstRetryMs : beforeMs * 2);

/**
 * One person's pass through the queue. What is on screen moves at once; what was done is sent behind it, in order and
 * with an id per action, so that a lost connection, a reload or a double click never loses an answer or gives it twice.
 */
export class ReviewSession {
  #snapshot: ReviewSnapshot = {
    phase: 'loading',
    items: [],
    pending: 0,
    ahead: 0,
    offline: false,
    error: null,
    last: null,
  };
  readonly #watchers = new Set<() => void>();
  readonly #operations: Operation[] = [];
  /** Frame id → token it was answered under: a frame that comes back under a newer one is to be seen again. */
  readonly #answered = new Map<string, number>();
  readonly #history: { item: ReviewItem; answer: Answer; boxes?: readonly FrameBox[] }[] = [];
  /** Answers that were taken back and can be given again, the latest last. */
  readonly #takenBack: { frameId: string; answer: Answer }[] = [];
  #hooks: ReviewHooks = { onConfirmed() {}, onRefused() {}, onSecondOpinion() {} };
  #ended = false;
  #sending = false;
  #refilling = false;
  #running = false;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #retryMs = 0;
  #refillRetryMs = 0;
  #pollTimer: ReturnType<typeof setTimeout> | undefined;
  #heartbeatTimer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly port: ReviewPort,
    private readonly store: OperationStore,
    private readonly newId: () => string = () => crypto.randomUUID(),
    /** Boxes that were drawn on a frame go with its answer, and come back with it. */
    private readonly drafts: Pick<BoxDrafts, 'get' | 'set'> = noDrafts,
  ) {}

  getSnapshot = (): ReviewSnapshot => this.#snapshot;

  watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  start(hooks: ReviewHooks): void {
    this.#hooks = hooks;
    this.#running = true;
    this.#heartbeatTimer = setInterval(() => void this.#heartbeat(), heartbeatMs);
    void this.#adopt().finally(() => this.refill());
    void this.#send();
  }

  /** Sends on what a page of the same person left behind, also one that ended while this one was open. */
  async #adopt(): Promise<void> {
    const adopted = await this.store.adopt(this.#operations);
    if (adopted.length === 0) return;
    this.#operations.push(...adopted);
    // What was done here meanwhile is among them.
    this.store.save(this.#operations);
    for (const operation of adopted) {
      if (operation.kind === 'answer') this.#answered.set(operation.frameId, operation.token);
    }
    this.#update({ items: this.#snapshot.items.filter(({ frame }) => !this.#isAnswering(frame.id)) });
    void this.#send();
  }

  /** Leaves the queue; what was answered is still sent. */
  stop(): void {
    this.#running = false;
    clearInterval(this.#heartbeatTimer);
    clearTimeout(this.#pollTimer);
  }

  /** The person has signed out: nothing more is sent in whoever's name comes next. What is unsent stays stored. */
  end(): void {
    this.#ended = true;
    this.stop();
    clearTimeout(this.#retryTimer);
  }

  /** Answers the frame on screen, if it still is `frameId`. */
  answer(frameId: string, answer: Answer, durationMs: number): boolean {
    const given = this.#give(frameId, answer, durationMs);
    // Whoever answers anew has decided otherwise.
    if (given) this.#takenBack.length = 0;
    return given;
  }

  /** Gives the answer again that was taken back last, if its frame is on screen. */
  redo(): void {
    const last = this.#takenBack.at(-1);
    if (last && this.#give(last.frameId, last.answer, 0)) this.#takenBack.pop();
  }

  #give(frameId: string, answer: Answer, durationMs: number): boolean {
    const [item, ...rest] = this.#snapshot.items;
    if (!item || item.frame.id !== frameId) return false;
    // A skipped frame comes back, and what was drawn on it waits for that.
    const drawn = answer.kind === 'skip' ? undefined : this.drafts.get(frameId);
    const boxes = drawn ? { boxes: drawn } : {};
    this.#answered.set(frameId, item.token);
    this.#history.push({ item, answer, ...boxes });
    if (this.#history.length > undoDepth) this.#history.shift();
    this.#enqueue({
      kind: 'answer',
      requestId: this.newId(),
      frameId,
      token: item.token,
      answer,
      ...boxes,
      durationMs: Math.max(0, Math.round(durationMs)),
    });
    if (drawn) this.drafts.set(frameId, null);
    this.#update({ items: rest, phase: rest.length > 0 ? 'ready' : 'loading' });
    void this.refill();
    return true;
  }

  /** Takes back the last answer: its frame comes back on screen at once, the server follows. */
  undo(): void {
    const last = this.#history.pop();
    if (!last && this.#operations.some((operation) => operation.kind === 'undo')) return;
    this.#enqueue({
      kind: 'undo',
      requestId: this.newId(),
      frameId: last?.item.frame.id ?? null,
      undone: last?.answer.kind ?? null,
    });
    if (!last) return;
    if (last.boxes) this.drafts.set(last.item.frame.id, last.boxes);
    this.#takenBack.push({ frameId: last.item.frame.id, answer: last.answer });
    this.#answered.delete(last.item.frame.id);
    this.#update({ items: [last.item, ...this.#snapshot.items], phase: 'ready' });
  }

  /** Takes more frames when few are left; safe to call at any time. */
  async refill(): Promise<void> {
    if (this.#refilling || !this.#running) return;
    if (this.#snapshot.items.length >= refillBelow) return;
    this.#refilling = true;
    clearTimeout(this.#pollTimer);
    try {
      // Frames already held come first in the answer: ask for those on their way out too.
      const leased = await this.port.lease(Math.min(100, held + this.#operations.length));
      this.#refillRetryMs = 0;
      this.#merge(leased);
    } catch (error) {
      const failure = toApiError(error);
      this.#refillRetryMs = failure.transient ? nextRetry(this.#refillRetryMs, emptyPollMs) : emptyPollMs;
      this.#update({ error: failure, ...(this.#snapshot.items.length === 0 ? { phase: 'failed' } : {}) });
    } finally {
      this.#refilling = false;
      const waitMs = this.#refillRetryMs || (this.#snapshot.items.length === 0 ? emptyPollMs : 0);
      if (this.#running && waitMs > 0) this.#pollTimer = setTimeout(() => void this.refill(), waitMs);
    }
  }

  /** The server can be reached again: whatever waits for its next attempt goes on at once. */
  wake(): void {
    if (this.#ended) return;
    this.#retryMs = 0;
    this.#refillRetryMs = 0;
    void this.#send();
    void this.refill();
  }

  #isAnswering(frameId: string): boolean {
    return this.#operations.some((operation) => operation.kind === 'answer' && operation.frameId === frameId);
  }

  #merge(leased: ReviewItem[]): void {
    // Under whatever token it was lent: a frame whose answer is on its way has been seen.
    const elsewhere = this.store.elsewhere();
    const unanswered = leased.filter(({ frame: { id } }) => !this.#isAnswering(id) && !elsewhere.has(id));
    const items = mergeLeased(this.#snapshot.items, unanswered, this.#answered);
    this.#update({ items, phase: items.length > 0 ? 'ready' : 'empty', error: null });
  }

  #enqueue(operation: Operation): void {
    this.#operations.push(operation);
    this.store.save(this.#operations);
    this.#update({});
    void this.#send();
  }

  async #send(): Promise<void> {
    if (this.#sending || this.#ended) return;
    this.#sending = true;
    clearTimeout(this.#retryTimer);
    try {
      for (let next = this.#operations[0]; next; next = this.#operations[0]) {
        let refused = false;
        try {
          await this.#perform(next);
        } catch (error) {
          const failure = toApiError(error);
          if (this.#ended) return;
          if (failure.transient || failure.code === 'unauthenticated') {
            this.#retryLater();
            return;
          }
          if (next.kind === 'undo') this.#dropOptimistic(next.frameId);
          else if (next.boxes) this.drafts.set(next.frameId, next.boxes);
          this.#hooks.onRefused(next, failure);
          refused = true;
        }
        if (this.#ended) return;
        this.#operations.shift();
        this.store.save(this.#operations);
        this.#retryMs = 0;
        if (!refused) this.#hooks.onConfirmed(next);
        this.#update({ offline: false });
      }
    } finally {
      this.#sending = false;
    }
  }

  async #perform(operation: Operation): Promise<void> {
    if (operation.kind === 'answer') {
      const { secondOpinion } = await this.port.answer(operation);
      if (secondOpinion) this.#hooks.onSecondOpinion();
      return;
    }
    const item = await this.port.undo(operation.requestId);
    this.#reclaim(operation.frameId, item);
  }

  /** An undo came through: the frame has a new token, wherever it is by now. */
  #reclaim(expected: string | null, item: ReviewItem): void {
    const id = item.frame.id;
    if (expected !== null && expected !== id) this.#dropOptimistic(expected);
    for (const operation of this.#operations) {
      if (operation.kind === 'answer' && operation.frameId === id) operation.token = item.token;
    }
    if (this.#isAnswering(id)) {
      // Answered anew before the undo came through: that answer goes out under the new token.
      this.#answered.set(id, item.token);
      return;
    }
    this.#answered.delete(id);
    const present = this.#snapshot.items.some(({ frame }) => frame.id === id);
    const items = present
      ? this.#snapshot.items.map((each) => (each.frame.id === id ? item : each))
      : [item, ...this.#snapshot.items];
    this.#update({ items, phase: 'ready' });
  }

  #dropOptimistic(frameId: string | null): void {
    if (frameId === null) return;
    const items = this.#snapshot.items.filter(({ frame }) => frame.id !== frameId);
    this.#update({ items, phase: items.length > 0 ? 'ready' : 'loading' });
    void this.refill();
  }

  #retryLater(): void {
    this.#retryMs = nextRetry(this.#retryMs, longestRetryMs);
    this.#update({ offline: true });
    this.#retryTimer = setTimeout(() => void this.#send(), this.#retryMs);
  }

  async #heartbeat(): Promise<void> {
    void this.#adopt();
    const leases = this.#snapshot.items.map(({ frame, token }) => ({ frameId: frame.id, token }));
    if (leases.length === 0) return;
    try {
      const lost = new Set(await this.port.heartbeat(leases));
      // The frame on screen stays: a late answer to it is kept as a second opinion.
      const items = this.#snapshot.items.filter(({ frame }, place) => place === 0 || !lost.has(frame.id));
      if (items.length !== this.#snapshot.items.length) this.#update({ items });
    } catch {
      // The next beat is soon enough; the leases outlive several.
    }
    void this.refill();
  }

  #update(change: Partial<ReviewSnapshot>): void {
    this.#snapshot = {
      ...this.#snapshot,
      ...change,
      pending: this.#operations.length,
      ahead: this.#operations.reduce((sum, operation) => sum + countOf(operation), 0),
      last: this.#history.at(-1) ?? null,
    };
    for (const watcher of this.#watchers) watcher();
  }
}
