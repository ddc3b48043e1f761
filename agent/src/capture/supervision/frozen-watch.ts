/** Bytes of a picture that are looked at: spread over all of it, and few enough to cost nothing. */
const sampleSize = 4096;
const longestPauseMs = 250;
/** A slow camera must have repeated itself, not merely be slow. */
const fewestLooks = 3;

/**
 * Tells a frozen picture from a still scene: the noise of a real sensor changes every frame, so equal bytes mean that
 * one picture is being repeated. Looks only now and then, and keeps a sample instead of the picture.
 */
export class FrozenWatch {
  readonly #afterMs: number;
  readonly #pauseMs: number;
  #sample = new Uint8Array(0);
  #sinceMs = 0;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #looks = 0;
  #frozen = false;

  /** @param afterMs 0: never frozen */
  constructor(afterMs: number) {
    this.#afterMs = afterMs;
    this.#pauseMs = Math.min(longestPauseMs, afterMs / 8);
  }

  /** Whether the picture has been the same for too long. */
  see(rgb: Uint8Array, nowMs: number): boolean {
    if (this.#afterMs === 0 || nowMs - this.#lookedMs < this.#pauseMs) return this.#frozen;
    this.#lookedMs = nowMs;
    if (this.#same(rgb)) this.#looks += 1;
    else {
      this.#looks = 0;
      this.#sinceMs = nowMs;
    }
    this.#frozen = this.#looks >= fewestLooks && nowMs - this.#sinceMs >= this.#afterMs;
    return this.#frozen;
  }

  /** Compares with the sample, and makes it the sample of this picture. */
  #same(rgb: Uint8Array): boolean {
    // Odd, so that it meets all colours and does not run down one column.
    const stride = Math.max(1, Math.floor(rgb.length / sampleSize)) | 1;
    const length = Math.ceil(rgb.length / stride);
    let same = this.#sample.length === length;
    if (!same) this.#sample = new Uint8Array(length);
    for (let from = 0, to = 0; to < length; from += stride, to++) {
      const value = rgb[from] ?? 0;
      if (this.#sample[to] !== value) {
        same = false;
        this.#sample[to] = value;
      }
    }
    return same;
  }
}
