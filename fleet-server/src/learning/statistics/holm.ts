/** p-values corrected for their number (Holm 1979), in the order given: at most one in twenty families has one ≤ .05 by chance. */
export function holmCorrected(pValues: readonly number[]): number[] {
  const order = [...pValues.keys()].sort((a, b) => pValues[a]! - pValues[b]!);
  const corrected = new Array<number>(pValues.length).fill(1);
  let largest = 0;
  for (const [rank, at] of order.entries()) {
    largest = Math.max(largest, Math.min(1, pValues[at]! * (pValues.length - rank)));
    corrected[at] = largest;
  }
  return corrected;
}
