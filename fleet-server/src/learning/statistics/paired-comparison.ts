import { LinesideError } from '@lineside/shared';
import { binomialAtMost } from './binomial.js';

export interface PairedComparison {
  readonly n: number;
  readonly groups: number;
  /** Cases that only one of the two got right. */
  readonly onlyChampion: number;
  readonly onlyChallenger: number;
  /** Groups of which one got more cases right than the other. */
  readonly groupsForChampion: number;
  readonly groupsForChallenger: number;
  /** Exact McNemar test by groups, two-sided: how often equally good models would differ at least so much. */
  readonly pValue: number;
}

/** Two-sided binomial test of the cases on which the two disagree (exact McNemar); 1 when they never do. */
export const exactMcNemar = (onlyOne: number, onlyOther: number): number =>
  Math.min(1, 2 * binomialAtMost(Math.min(onlyOne, onlyOther), onlyOne + onlyOther, 0.5));

/**
 * Compares two models on the same cases. Cases of one group, such as frames of one part, stand or fall together and are
 * one piece of evidence: a group speaks for the model that got more of it right. Where every case is a group of its own
 * this is McNemar's test.
 * @throws LinesideError `internal` when the lists differ in length.
 */
export function comparePaired(
  champion: readonly boolean[],
  challenger: readonly boolean[],
  groups: readonly string[],
): PairedComparison {
  const n = champion.length;
  if (challenger.length !== n || groups.length !== n) {
    throw new LinesideError('internal', 'paired answers and groups differ in number');
  }
  let onlyChampion = 0;
  let onlyChallenger = 0;
  const leads = new Map<string, number>();
  for (const [at, group] of groups.entries()) {
    const lead = Number(challenger[at]) - Number(champion[at]);
    if (lead < 0) onlyChampion++;
    if (lead > 0) onlyChallenger++;
    leads.set(group, (leads.get(group) ?? 0) + lead);
  }
  const groupsForChampion = [...leads.values()].filter((lead) => lead < 0).length;
  const groupsForChallenger = [...leads.values()].filter((lead) => lead > 0).length;
  return {
    n,
    groups: leads.size,
    onlyChampion,
    onlyChallenger,
    groupsForChampion,
    groupsForChallenger,
    pValue: exactMcNemar(groupsForChampion, groupsForChallenger),
  };
}
