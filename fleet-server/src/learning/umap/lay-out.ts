import { UMAP } from 'umap-js';
import { letEventsIn } from '../let-events-in.js';
import { type Projected, unitRows } from '../order/projection.js';
import { seededRandom, shuffled } from '../random.js';
import { projectFile } from './feature-file.js';
import { nearestRows } from './nearest.js';

export interface UmapInput {
  /** File of raw embeddings, float32 [count, dimensions]. */
  readonly path: string;
  readonly count: number;
  readonly dimensions: number;
  /** Rows that the map is fitted to, at most; others are placed on it. */
  readonly mostFitted: number;
  readonly seed: number;
}

export interface UmapResult {
  /** [count], in [−1, 1] */
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly fitted: number;
}

const neighbours = 15;
/** Fitted rows between which another one is placed. */
const anchors = 5;
const minDist = 0.1;
/** Shares of the work, for the progress: neighbours, layout, placing the rest. */
const shares = [0.35, 0.45, 0.2] as const;

/**
 * Places of frames on a plane by UMAP: look-alikes are together, and unlike PCA it keeps apart what lies apart in more than two
 * directions. The same rows and seed give the same places. Memory is 64 numbers a row, whatever the embeddings' length.
 * @throws LinesideError `training_cancelled`
 */
export async function layOut(
  { path, count, dimensions, mostFitted, seed }: UmapInput,
  {
    onProgress = () => {},
    signal,
  }: { onProgress?: (done: number, total: number) => void; signal?: AbortSignal } = {},
): Promise<UmapResult> {
  const report = (phase: 0 | 1 | 2) => (done: number, total: number) => {
    const before = shares.slice(0, phase).reduce((sum, share) => sum + share, 0);
    onProgress(Math.round(1000 * (before + shares[phase] * (total > 0 ? done / total : 1))), 1000);
  };
  const points = unitRows(await projectFile(path, count, dimensions, seed));
  const chosen =
    count <= mostFitted
      ? Array.from({ length: count }, (_, row) => row)
      : shuffled([...Array(count).keys()], seededRandom(seed))
          .slice(0, mostFitted)
          .sort((a, b) => a - b);
  const fitted = picked(points, chosen);
  const places = await fit(fitted, chosen.length, seed, report, signal);
  const x = new Float32Array(count);
  const y = new Float32Array(count);
  for (const [at, row] of chosen.entries()) [x[row], y[row]] = places[at]! as [number, number];
  const of = new Set(chosen);
  const rest = Array.from({ length: count }, (_, row) => row).filter((row) => !of.has(row));
  if (rest.length > 0 && points.dimensions > 0) {
    const near = await nearestRows(picked(points, rest), fitted, anchors, report(2), signal);
    for (const [at, row] of rest.entries()) {
      [x[row], y[row]] = between(near.indices[at]!, near.distances[at]!, places);
    }
  }
  rescale(x);
  rescale(y);
  onProgress(1000, 1000);
  return { x, y, fitted: chosen.length };
}

type Report = (phase: 0 | 1 | 2) => (done: number, total: number) => void;

async function fit(
  points: Projected,
  count: number,
  seed: number,
  report: Report,
  signal: AbortSignal | undefined,
): Promise<number[][]> {
  const nNeighbors = Math.min(neighbours, count - 1);
  // Too few for a neighbourhood, or all the same: side by side.
  if (nNeighbors < 2 || points.dimensions === 0) return Array.from({ length: count }, (_, row) => [row, 0]);
  const { indices, distances } = await nearestRows(points, points, nNeighbors, report(0), signal);
  const umap = new UMAP({ nComponents: 2, nNeighbors, minDist, random: seededRandom(seed) });
  umap.setPrecomputedKNN(indices, distances);
  // The neighbours are known, so of the rows only their number counts.
  const epochs = umap.initializeFit(Array.from({ length: count }, () => []));
  for (let epoch = 0; epoch < epochs; epoch++) {
    umap.step();
    report(1)(epoch + 1, epochs);
    await letEventsIn(signal);
  }
  return umap.getEmbedding();
}

/** Where a row lies among the fitted ones nearest to it, the nearer the more. */
function between(
  rows: readonly number[],
  distances: readonly number[],
  places: readonly number[][],
): [number, number] {
  let [x, y, sum] = [0, 0, 0];
  for (const [at, row] of rows.entries()) {
    const weight = 1 / (distances[at]! + 1e-6);
    x += weight * places[row]![0]!;
    y += weight * places[row]![1]!;
    sum += weight;
  }
  return [x / sum, y / sum];
}

function picked({ rows, dimensions }: Projected, chosen: readonly number[]): Projected {
  const out = new Float64Array(chosen.length * dimensions);
  for (const [at, row] of chosen.entries()) {
    out.set(rows.subarray(row * dimensions, (row + 1) * dimensions), at * dimensions);
  }
  return { rows: out, dimensions };
}

/** To [−1, 1], about the middle. */
function rescale(values: Float32Array): void {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const half = (most - least) / 2 || 1;
  for (const [at, value] of values.entries()) values[at] = (value - (least + most) / 2) / half;
}
