import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { LinesideError } from '@lineside/shared';

export const sessionCookie = 'lineside_local';
/** A shift and a bit. */
export const sessionSeconds = 10 * 3600;
const mostSessions = 32;
/** So many wrong PINs, then one more after each pause: 6 digits last for weeks. */
const freeGuesses = 5;
const pauseMs = 10_000;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Who may give orders on the local page: those who know the PIN. Without a configured PIN, nobody. */
export class PinGate {
  readonly #pin: Buffer | null;
  readonly #monotonicMs: () => number;
  readonly #sessions = new Map<string, number>();
  #guesses = 0;
  #lastWrongMs = 0;

  constructor(pin: string | undefined, monotonicMs: () => number = () => performance.now()) {
    this.#pin = pin === undefined ? null : digest(pin);
    this.#monotonicMs = monotonicMs;
  }

  get configured(): boolean {
    return this.#pin !== null;
  }

  /** @throws LinesideError `pin_wrong`, `rate_limited`, or `role_insufficient` when there is no PIN to give */
  check(given: string): void {
    if (!this.#pin) {
      throw new LinesideError(
        'role_insufficient',
        'this page only shows: the agent has no http.pin configured',
      );
    }
    const now = this.#monotonicMs();
    if (this.#guesses >= freeGuesses && now - this.#lastWrongMs < pauseMs) {
      throw new LinesideError('rate_limited', 'too many wrong PINs: wait ten seconds');
    }
    if (timingSafeEqual(digest(given), this.#pin)) {
      this.#guesses = 0;
      return;
    }
    this.#guesses += 1;
    this.#lastWrongMs = now;
    throw new LinesideError('pin_wrong');
  }

  /** @returns the session's secret */
  open(pin: string): string {
    this.check(pin);
    const secret = randomBytes(24).toString('base64url');
    this.#sessions.set(secret, this.#monotonicMs() + sessionSeconds * 1000);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > mostSessions && oldest) this.#sessions.delete(oldest);
    return secret;
  }

  close(secret: string | null): void {
    if (secret !== null) this.#sessions.delete(secret);
  }

  isOpen(secret: string | null): boolean {
    const until = secret === null ? undefined : this.#sessions.get(secret);
    return until !== undefined && this.#monotonicMs() < until;
  }
}

/** The session's secret among the cookies of a request; null: none. */
export function sessionOf(cookies: string | undefined): string | null {
  for (const cookie of cookies?.split(';') ?? []) {
    const [name, value] = cookie.trim().split('=');
    if (name === sessionCookie && value) return value;
  }
  return null;
}
