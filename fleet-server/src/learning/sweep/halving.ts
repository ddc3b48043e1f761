import type { SweepRow } from './report.js';

/** Better half of a rung, the larger one of an odd number. What could not be trained is never in it. */
export function survivors<T extends { figures: SweepRow['figures'] }>(rung: readonly T[]): T[] {
  const able = rung.filter(({ figures }) => figures !== null).sort(byLogLoss);
  return able.slice(0, Math.ceil(rung.length / 2));
}

export const byLogLoss = (a: { figures: SweepRow['figures'] }, b: { figures: SweepRow['figures'] }): number =>
  (a.figures?.logLoss ?? Number.POSITIVE_INFINITY) - (b.figures?.logLoss ?? Number.POSITIVE_INFINITY);

/** The table: those judged on every frame first, by log-loss; then those that left on the cheap rung. */
export function ranked(rows: readonly SweepRow[]): { rows: SweepRow[]; winner: number | null } {
  const stage = ({ rung, figures }: SweepRow) => (figures === null ? 2 : rung === 1 ? 1 : 0);
  const order = [...rows].sort((a, b) => stage(a) - stage(b) || byLogLoss(a, b));
  return { rows: order, winner: order[0]?.figures ? 0 : null };
}
