import type { PolicyConfig } from '@lineside/shared';
import type { Random } from '../random.js';
import { Demand } from './demand.js';
import { dayMs, hourMs, isUnlimited, type Limit, limitsFor } from './limits.js';
import { type Amount, type Purse, type Slot, Spending, slotMs } from './spending.js';

type Settings = PolicyConfig['budget'];

/** What is remembered of the past, at a logical time that only ever runs forward. */
export interface BudgetState {
  readonly nowMs: number;
  readonly hour: readonly Slot[];
  readonly day: readonly Slot[];
}

export interface Request {
  /** 0 to 1 */
  readonly worth: number;
  readonly purse: Purse;
  /** Someone asked for this frame: it takes part in the limits, not in the contest. */
  readonly requested: boolean;
}

/** Until the first picture is encoded. */
const firstGuessBytes = 100_000;

/**
 * Which flagged frames are sent when not all can be.
 *
 * Invariants: in no stretch of an hour or a day is more spent than the limit; audit samples and all others spend from
 * purses of their own, and whether an audit sample is sent depends on the time and on chance, never on what it shows.
 *
 * The tightest limit affords a rate; that rate over the rate of frames that ask affords a share; a frame is kept when it is worth more than that share's quantile of what the frames of the last minutes were
 * worth. Of equals, chance decides.
 */
export class Budget {
  readonly #random: Random;
  readonly #spendings: { readonly hour: Spending; readonly day: Spending };
  readonly #demand: Record<Purse, Demand> = { audit: new Demand(), other: new Demand() };
  #typicalBytes = firstGuessBytes;

  constructor(random: Random, state: BudgetState) {
    this.#random = random;
    this.#spendings = {
      hour: new Spending(hourMs, slotMs.hour, state.hour),
      day: new Spending(dayMs, slotMs.day, state.day),
    };
  }

  /** Whether the frame is worth encoding; it is paid for with `spend`. */
  admits(request: Request, settings: Settings, nowMs: number): boolean {
    if (isUnlimited(settings)) return true;
    const { purse, requested } = request;
    const demand = this.#demand[purse];
    // Audit samples are all worth the same, or they would not be a sample.
    const worth = purse === 'audit' ? 0.5 : request.worth;
    demand.add(worth, nowMs);
    const limits = limitsFor(purse, settings, this.#spendings, nowMs);
    if (limits.some((limit) => limit.left < this.#cost(limit))) return false;
    if (requested) return true;
    const share = this.#affordedShare(limits, demand.rate(nowMs));
    return share >= 1 || this.#random() < demand.chance(worth, share);
  }

  /** Pays for a frame of known size. @returns false, and takes nothing, when it does not fit after all */
  spend(purse: Purse, bytes: number, settings: Settings, nowMs: number): boolean {
    this.#typicalBytes += 0.1 * (bytes - this.#typicalBytes);
    const amount: Amount = { frames: 1, bytes };
    const limits = limitsFor(purse, settings, this.#spendings, nowMs);
    if (limits.some(({ unit, left }) => left < amount[unit])) return false;
    this.#spendings.hour.add(purse, amount, nowMs);
    this.#spendings.day.add(purse, amount, nowMs);
    return true;
  }

  state(nowMs: number): BudgetState {
    return { nowMs, hour: this.#spendings.hour.slots, day: this.#spendings.day.slots };
  }

  #cost({ unit }: Limit): number {
    return unit === 'frames' ? 1 : this.#typicalBytes;
  }

  /** @param rate frames a millisecond that ask */
  #affordedShare(limits: readonly Limit[], rate: number): number {
    return limits.reduce((share, limit) => Math.min(share, limit.perMs / this.#cost(limit) / rate), 1);
  }
}
