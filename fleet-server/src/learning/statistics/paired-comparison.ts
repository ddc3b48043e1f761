import { LinesideError } from '@lineside/shared';
import { binomialAtMost } from './binomial.js';
import { holmCorrected } from './holm.js';

export interface PairedComparison {
  readonly n: number;
  /** null without a case. */
  readonly championAccuracy: number | null;
  readonly challengerAccuracy: number | null;
  /** Cases that only one of the two got right. */
  readonly onlyChampion: number;
  readonly onlyChallenger: number;
  /** Exact McNemar test, two-sided: how often equally good models would differ at least so much. */
  readonly pValue: number;
}

/** Two-sided binomial test of the cases on which the two disagree (exact McNemar); 1 when they never do. */
export const exactMcNemar = (onlyOne: number, onlyOther: number): number =>
  Math.min(1, 2 * binomialAtMost(Math.min(onlyOne, onlyOther), onlyOne + onlyOther, 0.5));

/**
 * Compares two models on the same cases.
 * @throws LinesideError `internal` when the lists differ in length.
 */
export function comparePaired(
  champion: readonly boolean[],
  challenger: readonly boolean[],
): PairedComparison {
  const n = champion.length;
  if (challenger.length !== n) throw new LinesideError('internal', 'paired answers differ in number');
  const count = (hit: (at: number) => boolean | undefined) => [...champion.keys()].filter(hit).length;
  const onlyChampion = count((at) => champion[at] && !challenger[at]);
  const onlyChallenger = count((at) => !champion[at] && challenger[at]);
  return {
    n,
    championAccuracy: n > 0 ? count((at) => champion[at]) / n : null,
    challengerAccuracy: n > 0 ? count((at) => challenger[at]) / n : null,
    onlyChampion,
    onlyChallenger,
    pValue: exactMcNemar(onlyChampion, onlyChallenger),
  };
}

export interface SliceComparison extends PairedComparison {
  readonly slice: string;
  /** Corrected for the number of slices (Holm). */
  readonly correctedPValue: number;
}

/**
 * The comparison within each slice, such as a device, a shift or a class, by name.
 * @throws LinesideError `internal` when the lists differ in length.
 */
export function compareSlices(
  champion: readonly boolean[],
  challenger: readonly boolean[],
  slices: readonly string[],
): SliceComparison[] {
  if (slices.length !== champion.length || challenger.length !== champion.length) {
    throw new LinesideError('internal', 'paired answers and slices differ in number');
  }
  const compared = [...new Set(slices)].sort().map((slice) => {
    const rows = [...slices.keys()].filter((row) => slices[row] === slice);
    const pick = (answers: readonly boolean[]) => rows.map((row) => answers[row]!);
    return { slice, ...comparePaired(pick(champion), pick(challenger)) };
  });
  const corrected = holmCorrected(compared.map(({ pValue }) => pValue));
  return compared.map((comparison, at) => ({ ...comparison, correctedPValue: corrected[at]! }));
}
