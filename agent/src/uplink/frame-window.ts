import { backoffMs } from './backoff.js';

export interface FrameWindowOptions {
  /** Frames awaiting a receipt at one time. */
  frames: number;
  /** Most bytes published and not acknowledged at one time; one frame is always allowed. */
  bytes: number;
  receiptTimeoutMs: number;
}

interface InFlight {
  bytes: number;
  sentAt: number;
  /** When the broker acknowledged it; null while it has not. */
  acknowledgedAt: number | null;
}

/** A connection lost this often with the frame on it makes the frame a suspect of having caused it. */
const suspectAfterLosses = 3;
const suspectDelay = { minMs: 1000, maxMs: 600_000 };
const lossesKept = 1000;

/** What a new connection may have unacknowledged, until its acknowledgements show how fast the link is. */
const firstAllowanceBytes = 512 * 1024;
const fastMs = 5000;
const slowMs = 15_000;

/**
 * Which frames are on their way. A frame leaves by its receipt, by a lost connection, or by a receipt that is overdue.
 * Suspects travel one at a time and ever more rarely, so that one poisonous frame cannot keep the others back, and
 * are never given up: the link may be the guilty one. Times are monotonic milliseconds.
 */
export class FrameWindow {
  readonly #options: FrameWindowOptions;
  readonly #inFlight = new Map<string, InFlight>();
  readonly #losses = new Map<string, { count: number; notBefore: number }>();
  #unacknowledgedBytes = 0;
  #progressAt = 0;
  /** Bytes that may wait in the socket: on a slow link pings and commands must not queue behind minutes of frames. */
  #allowanceBytes = firstAllowanceBytes;

  constructor(options: FrameWindowOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#inFlight.size;
  }

  /** @param peek ids from the spool, at most `limit`, none in `skip` */
  next(now: number, peek: (limit: number, skip: ReadonlySet<string>) => string[]): string | null {
    if (this.#inFlight.size >= this.#options.frames) return null;
    if (this.#unacknowledgedBytes >= Math.min(this.#allowanceBytes, this.#options.bytes)) return null;
    const skip = new Set(this.#inFlight.keys());
    const suspects: string[] = [];
    for (const [id, { count, notBefore }] of this.#losses) {
      if (count < suspectAfterLosses) continue;
      if (notBefore <= now && !skip.has(id)) suspects.push(id);
      skip.add(id);
    }
    const [fresh] = peek(1, skip);
    if (fresh !== undefined) return fresh;
    const travelling = [...this.#inFlight.keys()].some((id) => this.#isSuspect(id));
    return travelling ? null : (suspects[0] ?? null);
  }

  #isSuspect(id: string): boolean {
    return (this.#losses.get(id)?.count ?? 0) >= suspectAfterLosses;
  }

  sent(id: string, bytes: number, now: number): void {
    if (this.#unacknowledgedBytes === 0) this.#progressAt = now;
    this.#inFlight.set(id, { bytes, sentAt: now, acknowledgedAt: null });
    this.#unacknowledgedBytes += bytes;
  }

  /** The broker has it; the receipt is still to come. */
  acknowledged(id: string, now: number): void {
    this.#progressAt = now;
    const frame = this.#inFlight.get(id);
    if (!frame || frame.acknowledgedAt !== null) return;
    frame.acknowledgedAt = now;
    this.#unacknowledgedBytes -= frame.bytes;
    const tookMs = now - frame.sentAt;
    if (tookMs < fastMs)
      this.#allowanceBytes = Math.min(this.#options.bytes, this.#allowanceBytes + frame.bytes);
    else if (tookMs > slowMs) this.#allowanceBytes = Math.max(1, this.#allowanceBytes / 2);
  }

  /** Its receipt came, or it is no longer in the spool. */
  settled(id: string, now: number): void {
    this.#progressAt = now;
    this.#take(id);
    this.#losses.delete(id);
  }

  /** The disk does not hand it out now: it is tried ever more rarely and never given up. */
  unreadable(id: string, now: number): void {
    this.#blame(id, now, suspectAfterLosses);
  }

  #take(id: string): void {
    const frame = this.#inFlight.get(id);
    if (!frame) return;
    this.#inFlight.delete(id);
    if (frame.acknowledgedAt === null) this.#unacknowledgedBytes -= frame.bytes;
  }

  /** Frees the frames whose receipt is overdue: they may be sent again. @returns how many */
  releaseOverdue(now: number): number {
    let released = 0;
    for (const [id, { acknowledgedAt }] of this.#inFlight) {
      if (acknowledgedAt === null || now - acknowledgedAt < this.#options.receiptTimeoutMs) continue;
      this.#take(id);
      released++;
    }
    return released;
  }

  /** Whether the broker has acknowledged nothing for too long although something is on its way. */
  stalled(now: number): boolean {
    return this.#unacknowledgedBytes > 0 && now - this.#progressAt >= this.#options.receiptTimeoutMs;
  }

  connectionLost(now: number): void {
    for (const id of this.#inFlight.keys()) this.#blame(id, now);
    this.#inFlight.clear();
    this.#unacknowledgedBytes = 0;
    this.#allowanceBytes = Math.min(this.#allowanceBytes, firstAllowanceBytes);
  }

  #blame(id: string, now: number, least = 0): void {
    const count = Math.max(least, (this.#losses.get(id)?.count ?? 0) + 1);
    this.#losses.delete(id);
    const notBefore = now + backoffMs(Math.max(0, count - suspectAfterLosses), suspectDelay);
    this.#losses.set(id, { count, notBefore });
    const [oldest] = this.#losses.keys();
    if (this.#losses.size > lossesKept && oldest !== undefined) this.#losses.delete(oldest);
  }
}
