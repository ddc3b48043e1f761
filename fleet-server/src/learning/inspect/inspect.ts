import { fitTemperature, softmaxRows } from '../calibrate.js';
import { multiplyRows } from '../head/dense.js';
import { fitHead } from '../head/fit-head.js';
import { cluster } from '../order/clusters.js';
import { type Projected, project, unitRows } from '../order/projection.js';
import { seededRandom } from '../random.js';
import { suspectLabels } from './label-errors.js';
import { lookAround } from './neighbours.js';

export interface InspectInput {
  /** [n, dimensions] raw embeddings of one space, the earliest frame first. */
  readonly features: Float32Array;
  readonly dimensions: number;
  /** [n]; −1: no label. */
  readonly labels: Int32Array;
  /** [n]; frames of one group are never on both sides of a fit. */
  readonly groups: readonly string[];
  readonly classes: number;
  readonly seed: number;
}

export interface Finding {
  /** Place on the map of all frames, each in [−1, 1]. */
  readonly x: number;
  readonly y: number;
  /** Look-alikes; the largest cluster is 0. */
  readonly cluster: number;
  /** From the middle of the cluster, in [0, 2]: odd ones are far. */
  readonly oddness: number;
  /** Class that the label likely should be; null: no doubt. */
  readonly suggested: number | null;
  /** How much more probable that is, in (0, 1]. */
  readonly suspicion: number | null;
  /** How far it is from all others beyond the usual, as a share of the limit; null: it has its like. */
  readonly outlier: number | null;
  /** Row that it repeats. */
  readonly duplicateOf: number | null;
}

const framesPerCluster = 40;
const mostClusters = 60;
const fewestLabels = 10;

/** What the embeddings say of each frame and its label. */
export async function inspect(
  input: InspectInput,
  {
    onProgress = () => {},
    signal,
  }: { onProgress?: (done: number, total: number) => void; signal?: AbortSignal } = {},
): Promise<Finding[]> {
  const count = input.features.length / input.dimensions;
  if (count === 0) return [];
  const raw = project(input.features, input.dimensions, input.seed);
  const points = unitRows(raw);
  const clusters = byCluster(points, count, input.seed);
  const around = await lookAround(raw, (done, total) => onProgress(done, total * 2), signal);
  onProgress(count, count * 2);
  const suspicions = new Map((await inDoubt(input)).map((each) => [each.row, each]));
  onProgress(count * 2, count * 2);
  const { rows, dimensions } = points;
  return Array.from({ length: count }, (_, row) => {
    const doubt = suspicions.get(row);
    return {
      x: rows[row * dimensions] ?? 0,
      y: dimensions > 1 ? rows[row * dimensions + 1]! : 0,
      ...clusters[row]!,
      suggested: doubt?.suggested ?? null,
      suspicion: doubt?.margin ?? null,
      outlier: around.outliers.get(row) ?? null,
      duplicateOf: around.duplicates.get(row) ?? null,
    };
  });
}

/** Labels that a head fitted without their group contradicts. */
async function inDoubt({ features, dimensions, labels, groups, classes, seed }: InspectInput) {
  const rows = Array.from(labels.keys()).filter((row) => labels[row]! >= 0);
  const used = [...new Set(rows.map((row) => labels[row]!))].sort((a, b) => a - b);
  if (rows.length < fewestLabels || used.length < 2 || classes < 2) return [];
  const dense = new Map(used.map((label, at) => [label, at]));
  const picked = new Float32Array(rows.length * dimensions);
  for (const [at, row] of rows.entries()) {
    picked.set(features.subarray(row * dimensions, (row + 1) * dimensions), at * dimensions);
  }
  const own = Int32Array.from(rows, (row) => dense.get(labels[row]!)!);
  const { validation } = await fitHead(
    {
      features: picked,
      dimensions,
      labels: own,
      groups: rows.map((row) => groups[row]!),
      classes: used.length,
    },
    seed,
  );
  const temperature = fitTemperature({ logits: validation.logits, classes: used.length, labels: own });
  const probabilities = softmaxRows(validation.logits, used.length, temperature);
  const scored = { probabilities, classes: used.length, labels: own, informed: validation.informed };
  return suspectLabels(scored).map(({ row, suggested, margin }) => ({
    row: rows[row]!,
    suggested: used[suggested]!,
    margin,
  }));
}

function byCluster(points: Projected, count: number, seed: number): { cluster: number; oddness: number }[] {
  const { rows, dimensions } = points;
  if (dimensions === 0) return Array.from({ length: count }, () => ({ cluster: 0, oddness: 0 }));
  const wanted = Math.max(1, Math.min(mostClusters, Math.round(count / framesPerCluster)));
  const assigned = cluster(points, count, wanted, seededRandom(seed));
  const members = new Map<number, number[]>();
  for (const [row, of] of assigned.entries()) {
    const list = members.get(of);
    if (list) list.push(row);
    else members.set(of, [row]);
  }
  const found: { cluster: number; oddness: number }[] = new Array(count);
  for (const [number, list] of [...members.values()].sort((a, b) => b.length - a.length).entries()) {
    const centre = new Float64Array(dimensions);
    for (const row of list) for (let j = 0; j < dimensions; j++) centre[j]! += rows[row * dimensions + j]!;
    const length = Math.hypot(...centre) || 1;
    const similarity = new Float64Array(list.length);
    multiplyRows(
      rows,
      Int32Array.from(list),
      centre.map((each) => each / length),
      1,
      dimensions,
      similarity,
    );
    for (const [at, row] of list.entries()) {
      found[row] = { cluster: number, oddness: Math.sqrt(Math.max(0, 2 - 2 * similarity[at]!)) };
    }
  }
  return found;
}
