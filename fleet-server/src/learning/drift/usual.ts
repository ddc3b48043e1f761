/** What one frame of the random sample told. */
export interface Seen {
  /** Frame id: ties are broken by it, at random but the same in every run. */
  readonly id: string;
  readonly cameraId: string;
  readonly group: string | null;
  readonly atMs: number;
  readonly classId: string;
  /** All classes of the model. */
  readonly classIds: readonly string[];
  readonly confidence: number;
  /** From what the model learnt from, over the limit above which a frame is novel; null: the model has no reference. */
  readonly distance: number | null;
}

/** What was seen so far, as counts: classes, and fine steps of confidence and distance. */
export interface Usual {
  frames: number;
  classes: Record<string, number>;
  confidence: number[];
  /** Frames with a distance are `distance`'s sum. */
  distance: number[];
}

export const nothingUsual = (): Usual => ({ frames: 0, classes: {}, confidence: [], distance: [] });

/** Ten steps for each power of ten of doubt, 1 − confidence, down to one millionth; the surer, the higher. */
export const confidenceStep = (confidence: number): number =>
  Math.round(-10 * Math.log10(Math.min(1, Math.max(1e-6, 1 - confidence))));

/** Eight steps for each doubling, from 1/16 to 16 times the limit. */
export const distanceStep = (distance: number): number =>
  Number.isFinite(distance)
    ? Math.round(8 * Math.min(4, Math.max(-4, Math.log2(Math.max(distance, 1e-9))))) + 32
    : 64;

export function remember(usual: Usual, seen: Seen): void {
  usual.frames++;
  usual.classes[seen.classId] = (usual.classes[seen.classId] ?? 0) + 1;
  increment(usual.confidence, confidenceStep(seen.confidence));
  if (seen.distance !== null) increment(usual.distance, distanceStep(seen.distance));
}

function increment(counts: number[], step: number): void {
  while (counts.length <= step) counts.push(0);
  counts[step]!++;
}

/**
 * Where a value stands among those counted and itself: in (0, 1], and uniform when they are exchangeable (a smoothed
 * conformal p-value, Vovk et al. 2005).
 * @param tie in (0, 1]
 */
export function rank(counts: readonly number[], step: number, tie: number): number {
  let below = 0;
  let all = 1;
  for (const [at, count] of counts.entries()) {
    all += count;
    if (at < step) below += count;
  }
  return (below + tie * ((counts[step] ?? 0) + 1)) / all;
}
