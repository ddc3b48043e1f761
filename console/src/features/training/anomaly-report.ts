/** What the training of an anomaly model found; a part that is missing is null. */
export interface AnomalyReport {
  goodFrames: number;
  goodGroups: number;
  others: number;
  auroc: number | null;
  meanColourAuroc: number | null;
  /** Highest score that passes for good; null: none can be promised. */
  limit: number | null;
  alpha: number | null;
  othersFlagged: number | null;
  heldOutFlagged: { value: number | null; n: number };
  highest: { frameId: string; score: number }[];
}

type Tree = Record<string, unknown>;
const tree = (value: unknown): Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Tree) : {};
const number = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;

/** Reads the report of an anomaly run (`AnomalyReport` of the API, version 1); null: it is of another kind. */
export function readAnomalyReport(value: unknown): AnomalyReport | null {
  const root = tree(value);
  if (root.kind !== 'anomaly') return null;
  const frames = tree(root.frames);
  const limit = tree(root.limit);
  const heldOut = tree(root.heldOutFlagged);
  return {
    goodFrames: number(frames.good) ?? 0,
    goodGroups: number(frames.groups) ?? 0,
    others: number(frames.others) ?? 0,
    auroc: number(root.auroc),
    meanColourAuroc: number(root.meanColourAuroc),
    limit: number(limit.score),
    alpha: number(limit.alpha),
    othersFlagged: number(tree(root.othersFlagged).value),
    heldOutFlagged: { value: number(heldOut.value), n: number(heldOut.n) ?? 0 },
    highest: (Array.isArray(root.highest) ? root.highest : []).flatMap((each) => {
      const { frameId, score } = tree(each);
      return typeof frameId === 'string' && typeof score === 'number' ? [{ frameId, score }] : [];
    }),
  };
}
