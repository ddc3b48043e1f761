/** What 8 bits have to represent: low ≤ 0 ≤ high, so that zero, which pads, is exact. */
export interface Range {
  readonly low: number;
  readonly high: number;
}
