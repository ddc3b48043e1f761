import type { PolicyConfig } from '@lineside/shared';
import type { Amount, Purse, Slot, Spending } from './spending.js';

type Settings = PolicyConfig['budget'];

const bothPurses = ['audit', 'other'] as const;
/**
 * A bucket beside the hard limit makes the spending even: it holds a quarter of the limit, so that a burst after a quiet
 * time finds room, and fills a little slower than the limit allows, so that the hard limit seldom has to stop anything.
 */
const capacity = 0.25;
const refill = 0.9;
/** What is in the bucket is spent over this share of the period: in steady excess it settles at what flows in. */
const horizon = 0.1;

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

export interface Spendings {
  readonly hour: Spending;
  readonly day: Spending;
}

/** One of the configured limits, as it stands now for one purse. */
export interface Limit {
  readonly unit: keyof Amount;
  readonly periodMs: number;
  /** What this purse may still spend. */
  readonly left: number;
  /** What it can spend in a millisecond without running dry. */
  readonly perMs: number;
}

export const isUnlimited = ({ framesPerHour, framesPerDay, bytesPerHour, bytesPerDay }: Settings): boolean =>
  framesPerHour === undefined &&
  framesPerDay === undefined &&
  bytesPerHour === undefined &&
  bytesPerDay === undefined;

export function limitsFor(purse: Purse, settings: Settings, spendings: Spendings, nowMs: number): Limit[] {
  const limits: Limit[] = [];
  const add = (limit: number | undefined, unit: keyof Amount, periodMs: number, spending: Spending): void => {
    if (limit === undefined) return;
    const reserve = reserveOf(limit, unit, settings.auditReserve);
    const spent = {
      audit: spending.total('audit', nowMs)[unit],
      other: spending.total('other', nowMs)[unit],
    };
    const left = limit - spent.audit - spent.other;
    // Settings may have changed since it was spent: the whole binds too.
    const shared = reserve === 0;
    const own = shared ? limit : purse === 'audit' ? reserve : limit - reserve;
    const payers = shared ? bothPurses : ([purse] as const);
    limits.push({
      unit,
      periodMs,
      left: shared ? left : Math.min(left, own - spent[purse]),
      perMs: spendingRate(own, periodMs, spending, nowMs, (slot) =>
        payers.reduce((sum, payer) => sum + slot[payer][unit], 0),
      ),
    });
  };
  add(settings.framesPerHour, 'frames', hourMs, spendings.hour);
  add(settings.bytesPerHour, 'bytes', hourMs, spendings.hour);
  add(settings.framesPerDay, 'frames', dayMs, spendings.day);
  add(settings.bytesPerDay, 'bytes', dayMs, spendings.day);
  return limits;
}

/** At least one whole frame of two or more, if anything is reserved at all; without a reserve all share the whole. */
const reserveOf = (limit: number, unit: keyof Amount, share: number): number =>
  unit === 'bytes' || share === 0 ? limit * share : limit < 2 ? 0 : Math.max(1, Math.round(limit * share));

/** Follows the bucket through what was spent, so that nothing of it has to be kept. */
function spendingRate(
  limit: number,
  periodMs: number,
  spending: Spending,
  nowMs: number,
  spentIn: (slot: Slot) => number,
): number {
  const most = Math.max(Math.min(1, limit), capacity * limit);
  const perMs = (refill * limit) / periodMs;
  let level = most;
  let atMs = nowMs - periodMs;
  for (const slot of spending.slots) {
    const beginMs = slot.index * spending.slotMs;
    level = Math.min(most, level + perMs * Math.max(0, beginMs - atMs)) - spentIn(slot);
    atMs = Math.max(atMs, beginMs);
  }
  level = Math.min(most, level + perMs * Math.max(0, nowMs - atMs));
  return Math.max(0, level) / (horizon * periodMs);
}
