import type { Percentiles } from '@lineside/shared';
import { percentilesOf } from './percentiles.js';

const kept = 512;

/** The last 512 durations and the percentiles among them, milliseconds. */
export class DurationWindow {
  readonly #durations: number[] = [];
  #next = 0;

  add(milliseconds: number): void {
    this.#durations[this.#next] = milliseconds;
    this.#next = (this.#next + 1) % kept;
  }

  percentiles(): Percentiles {
    return percentilesOf(this.#durations);
  }
}
