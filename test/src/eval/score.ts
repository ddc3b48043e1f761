/** One held-out frame as a device decided it. */
export interface Scored {
  truth: string;
  predicted: string;
  accepted: boolean;
}

export interface Score {
  accuracy: number | null;
  balancedAccuracy: number | null;
  autoAcceptedShare: number | null;
  autoAcceptedError: number | null;
  recall: Record<string, number | null>;
}

const mean = (values: number[]): number | null =>
  values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
const share = (items: readonly Scored[], is: (item: Scored) => boolean): number | null =>
  mean(items.map((item) => (is(item) ? 1 : 0)));
const right = (item: Scored) => item.predicted === item.truth;

/** Accuracy over all frames, mean recall over the classes that occur, and what the devices decided alone. */
export function scoreDecisions(decisions: readonly Scored[], classes: readonly string[]): Score {
  const recall = Object.fromEntries(
    classes.map((name) => [
      name,
      share(
        decisions.filter((item) => item.truth === name),
        right,
      ),
    ]),
  );
  return {
    accuracy: share(decisions, right),
    balancedAccuracy: mean(Object.values(recall).filter((value) => value !== null)),
    autoAcceptedShare: share(decisions, (item) => item.accepted),
    autoAcceptedError: share(
      decisions.filter((item) => item.accepted),
      (item) => !right(item),
    ),
    recall,
  };
}
