import { uniformOf } from '../random.js';
import { confidenceStep, distanceStep, rank, type Seen, type Usual } from './usual.js';

export type Signal = 'class' | 'confidence' | 'distance';
export type Direction = 'lower' | 'higher';

/** One way in which frames may differ from what is usual. */
export interface Bet {
  readonly signal: Signal;
  readonly direction: Direction;
  /** Of `class`. */
  readonly classId: string | null;
  /** Share of the permitted false alarms. All bets of a frame have 1 together. */
  readonly weight: number;
  /** ≥ 0, and at most 1 on average while nothing changes: an e-value. */
  readonly value: number;
}

const exponents = [0.3, 0.6];
const oddsRatio = 4;
const perSignal = 1 / 3;

/** What each bet pays for a frame; a signal that the frame does not have pays and loses nothing. */
export function betsOn(usual: Usual, seen: Seen): Map<string, Bet> {
  const tie = uniformOf(seen.id);
  const bets = new Map<string, Bet>();
  onRank(bets, 'confidence', rank(usual.confidence, confidenceStep(seen.confidence), tie));
  if (seen.distance !== null) {
    onRank(bets, 'distance', rank(usual.distance, distanceStep(seen.distance), tie));
  }
  const weight = perSignal / (2 * seen.classIds.length);
  for (const classId of seen.classIds) {
    const count = usual.classes[classId] ?? 0;
    const others = usual.frames - count;
    const place = seen.classId === classId ? rank([others, count], 1, tie) : rank([others, count], 0, tie);
    const share = (count + 0.5) / (usual.frames + 1);
    for (const direction of ['lower', 'higher'] as const) {
      const odds = (share / (1 - share)) * (direction === 'higher' ? oddsRatio : 1 / oddsRatio);
      const shifted = odds / (1 + odds);
      const value = place > 1 - share ? shifted / share : (1 - shifted) / (1 - share);
      bets.set(`class ${direction} ${classId}`, { signal: 'class', direction, classId, weight, value });
    }
  }
  return bets;
}

/** κ·u^(κ−1) has the mean 1 for u uniform in (0, 1), and pays for small ranks. */
function onRank(bets: Map<string, Bet>, signal: Signal, place: number): void {
  const weight = perSignal / (2 * exponents.length);
  for (const exponent of exponents) {
    for (const direction of ['lower', 'higher'] as const) {
      const u = Math.max(direction === 'lower' ? place : 1 - place, 1e-9);
      const value = exponent * u ** (exponent - 1);
      bets.set(`${signal} ${direction} ${exponent}`, { signal, direction, classId: null, weight, value });
    }
  }
}
