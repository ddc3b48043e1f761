const firstCount = 30;
/** The weight of one more value stops falling here: slow drift of a healthy camera is followed over hours. */
const mostCount = 5000;
const lowShare = 0.05;

/**
 * What is usual, from a stream of values, in constant memory: the median and the value that one in twenty lies under. The
 * first thirty are looked at together; later ones move each quantile by a small step towards where its share is right
 * (Robbins–Monro), so that no single value, however wild, moves it far.
 */
export class RunningQuantiles {
  #first: number[] = [];
  #count = 0;
  #low = 0;
  #median = 0;

  /** Null until enough has been seen. */
  get usual(): { readonly low: number; readonly median: number } | null {
    return this.#count < firstCount ? null : { low: this.#low, median: this.#median };
  }

  add(value: number): void {
    this.#count += 1;
    if (this.#count <= firstCount) {
      this.#first.push(value);
      if (this.#count === firstCount) this.#begin();
      return;
    }
    const step = (2 * Math.max(this.#median - this.#low, 0.05)) / Math.min(this.#count, mostCount);
    this.#low += step * (lowShare - (value < this.#low ? 1 : 0));
    this.#median += step * (0.5 - (value < this.#median ? 1 : 0));
  }

  #begin(): void {
    const sorted = this.#first.sort((a, b) => a - b);
    this.#low = sorted[Math.floor(lowShare * firstCount)] ?? 0;
    this.#median = sorted[firstCount / 2] ?? 0;
    this.#first = [];
  }
}
