/** Who pays: audit samples have a purse of their own. */
export type Purse = 'audit' | 'other';

export interface Amount {
  readonly frames: number;
  readonly bytes: number;
}

export interface Slot {
  /** Which stretch of time: logical milliseconds divided by the width of a slot. */
  readonly index: number;
  readonly audit: Amount;
  readonly other: Amount;
}

/** Widths of the slots that an hour and a day are counted in. */
export const slotMs = { hour: 60_000, day: 15 * 60_000 };

const nothing: Amount = { frames: 0, bytes: 0 };
export const plus = (a: Amount, b: Amount): Amount => ({
  frames: a.frames + b.frames,
  bytes: a.bytes + b.bytes,
});

/**
 * What was spent in the last hour or day, in slots. The slot that is only partly within the period counts whole, so a
 * limit on the sum holds for every stretch of that length, wherever it begins.
 */
export class Spending {
  readonly slotMs: number;
  readonly #count: number;
  #slots: Slot[];

  constructor(periodMs: number, slotMs: number, slots: readonly Slot[] = []) {
    this.slotMs = slotMs;
    this.#count = periodMs / slotMs;
    this.#slots = [...slots];
  }

  get slots(): readonly Slot[] {
    return this.#slots;
  }

  add(purse: Purse, amount: Amount, nowMs: number): void {
    this.#forget(nowMs);
    const index = Math.floor(nowMs / this.slotMs);
    const last = this.#slots.at(-1);
    const slot = last?.index === index ? last : { index, audit: nothing, other: nothing };
    if (slot === last) this.#slots.pop();
    this.#slots.push({ ...slot, [purse]: plus(slot[purse], amount) });
  }

  total(purse: Purse, nowMs: number): Amount {
    this.#forget(nowMs);
    return this.#slots.reduce((sum, slot) => plus(sum, slot[purse]), nothing);
  }

  #forget(nowMs: number): void {
    const oldest = Math.floor(nowMs / this.slotMs) - this.#count;
    while (this.#slots[0] && this.#slots[0].index < oldest) this.#slots.shift();
  }
}
