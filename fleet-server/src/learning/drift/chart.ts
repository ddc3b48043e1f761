import type { Bet, Direction, Signal } from './bets.js';

/** What a bet has won since it last stood at or below its stake. */
export interface Run {
  won: number;
  sinceMs: number;
  frames: number;
}

/** Runs by the name of their bet. */
export type Chart = Record<string, Run>;

export interface Excess {
  readonly signal: Signal;
  readonly direction: Direction;
  readonly classId: string | null;
  /** When the run began that raised the alarm: about when the change came. */
  readonly sinceMs: number;
  /** Frames of that run. */
  readonly frames: number;
}

/**
 * While nothing changes, an alarm comes within the first T frames with a probability of at most T over this. A CUSUM of
 * e-values, max(1, W)·e, stays below the Shiryaev–Roberts sum (1 + R)·e; R minus the count of frames is a
 * supermartingale, and R a submartingale: by Doob's inequality P(max R ≥ c) ≤ T/c for T frames. Bets share by weight.
 */
export const framesPerFalseAlarm = 20_000;

/** Takes one frame's bets in. @returns what stands out, once a bet has won more than chance allows */
export function advance(chart: Chart, bets: ReadonlyMap<string, Bet>, atMs: number): Excess | null {
  let excess: Excess | null = null;
  let highest = 1;
  for (const [name, { signal, direction, classId, weight, value }] of bets) {
    const before = chart[name];
    const run: Run =
      before && before.won > 1
        ? { won: before.won * value, sinceMs: before.sinceMs, frames: before.frames + 1 }
        : { won: value, sinceMs: atMs, frames: 1 };
    chart[name] = run;
    const part = (run.won * weight) / framesPerFalseAlarm;
    if (part >= highest) {
      highest = part;
      excess = { signal, direction, classId, sinceMs: run.sinceMs, frames: run.frames };
    }
  }
  return excess;
}
