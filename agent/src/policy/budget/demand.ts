const bins = 100;
/** Frames older than this hardly count any more. */
const memoryMs = 10 * 60_000;
/** A rate is not read off a shorter stretch. */
const leastMs = 10_000;

/** How many frames ask to be sent and what they are worth, with a memory of ten minutes. */
export class Demand {
  readonly #histogram = new Float64Array(bins + 1);
  #total = 0;
  #startedMs: number | null = null;
  #atMs = 0;

  /** @param worth 0 to 1 */
  add(worth: number, nowMs: number): void {
    this.#startedMs ??= nowMs;
    const kept = Math.exp(-Math.max(0, nowMs - this.#atMs) / memoryMs);
    this.#atMs = nowMs;
    for (let bin = 0; bin <= bins; bin++) this.#histogram[bin]! *= kept;
    this.#histogram[binOf(worth)]! += 1;
    this.#total = this.#total * kept + 1;
  }

  /** Frames a millisecond. */
  rate(nowMs: number): number {
    const watchedMs = memoryMs * (1 - Math.exp(-(nowMs - (this.#startedMs ?? nowMs)) / memoryMs));
    return this.#total / Math.max(leastMs, watchedMs);
  }

  /**
   * With what probability a frame of this worth is kept, if a share of all can be and the most valuable ones are: certain
   * above the quantile, never below it, and between for those that are worth just as much.
   */
  chance(worth: number, share: number): number {
    const own = binOf(worth);
    let above = 0;
    for (let bin = own + 1; bin <= bins; bin++) above += this.#histogram[bin] ?? 0;
    const equal = this.#histogram[own] ?? 0;
    const room = share * this.#total - above;
    return equal > 0 ? Math.min(1, Math.max(0, room / equal)) : Number(room > 0);
  }
}

const binOf = (worth: number): number => Math.min(bins, Math.max(0, Math.round(worth * bins)));
