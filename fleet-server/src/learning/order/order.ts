import { say } from '@lineside/shared';
import { seededRandom } from '../random.js';
import { quantile } from '../statistics/quantile.js';
import { cluster, typicality } from './clusters.js';
import { lowerDistances, type Projected, projectEmbeddings, rowOf } from './projection.js';

export interface OrderInput {
  /** [n, dimensions], raw embeddings of one space. */
  readonly candidates: Float32Array;
  /** [m, dimensions]. */
  readonly labelled: Float32Array;
  readonly dimensions: number;
  /** [n, classes] of the model that runs now; absent before the first one. */
  readonly probabilities?: Float32Array | undefined;
  readonly classNames: readonly string[];
  readonly seed: number;
}

export interface OrderedFrame {
  /** Row of the candidate. */
  readonly index: number;
  /** In [0, 1], falling: how much a label is worth. */
  readonly score: number;
  /** For the person at the queue. */
  readonly reason: string;
}

/** Every candidate once, the most instructive first. */
export function orderFrames(input: OrderInput): OrderedFrame[] {
  const count = input.candidates.length / input.dimensions;
  if (count === 0) return [];
  const { candidates, labelled } = projectEmbeddings(
    input.candidates,
    input.labelled,
    input.dimensions,
    input.seed,
  );
  const picks = input.probabilities
    ? byModel(candidates, labelled, input.probabilities, input.classNames)
    : byTypicality(candidates, labelled, count, input.seed);
  return picks.map(({ index, reason }, position) => ({ index, reason, score: 1 - position / count }));
}

interface Pick {
  readonly index: number;
  readonly reason: string;
}

/** How many picks are spread out greedily: more than a person labels before the order is made again. */
const diversified = 200;
const farthest = 2;

/**
 * (1 − margin) × distance to the nearest labelled frame. Each of the first picks then counts as labelled, so that the
 * next one differs from it; the rest follow by the score they are left with.
 */
function byModel(
  candidates: Projected,
  labelled: Projected,
  probabilities: Float32Array,
  classNames: readonly string[],
): Pick[] {
  const classes = classNames.length;
  const count = probabilities.length / classes;
  const tops = Array.from({ length: count }, (_, row) => topTwo(probabilities, row * classes, classes));
  const distances = new Float64Array(count).fill(farthest);
  if (labelled.rows.length > 0) lowerDistances(distances, candidates, labelled);
  const novelFrom = quantile(distances, 0.9);
  const describe = (row: number): string => {
    const top = tops[row]!;
    const [first, second] = [classNames[top.first] ?? '', classNames[top.second] ?? ''];
    const novel = distances[row]! >= novelFrom;
    if (top.margin < 0.35) return say(novel ? 'order_torn_novel' : 'order_torn', { first, second });
    if (novel) return say('order_novel');
    return say(top.margin < 0.8 ? 'order_unsure' : 'order_like', { class: first });
  };
  const reasons = tops.map((_, row) => describe(row));
  const scoreOf = (row: number) => (1 - tops[row]!.margin) * distances[row]!;

  const left = new Set(tops.keys());
  const picks: Pick[] = [];
  while (left.size > 0 && picks.length < diversified) {
    let best = -1;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (const row of left) {
      const score = scoreOf(row);
      if (score > bestScore) [best, bestScore] = [row, score];
    }
    left.delete(best);
    picks.push({ index: best, reason: reasons[best]! });
    lowerDistances(distances, candidates, rowOf(candidates, best));
  }
  const rest = [...left].sort((a, b) => scoreOf(b) - scoreOf(a));
  return [...picks, ...rest.map((index) => ({ index, reason: reasons[index]! }))];
}

function topTwo(values: Float32Array, start: number, length: number) {
  let first = 0;
  let second = -1;
  for (let k = 1; k < length; k++) {
    if (values[start + k]! > values[start + first]!) [second, first] = [first, k];
    else if (second < 0 || values[start + k]! > values[start + second]!) second = k;
  }
  const runnerUp = second < 0 ? 0 : values[start + second]!;
  return { first, second: Math.max(0, second), margin: values[start + first]! - runnerUp };
}

/**
 * Before there is a model (TypiClust, Hacohen et al. 2022): the most typical frame of each cluster, large clusters first
 * and those that hold a labelled frame last; then round after round the next frame of each cluster, the one that is
 * typical and far from those already taken.
 */
function byTypicality(candidates: Projected, labelled: Projected, count: number, seed: number): Pick[] {
  const dimensions = candidates.dimensions;
  const known = dimensions === 0 ? 0 : labelled.rows.length / dimensions;
  const both = new Float64Array(candidates.rows.length + labelled.rows.length);
  both.set(candidates.rows);
  both.set(labelled.rows, candidates.rows.length);
  const points = { rows: both, dimensions };
  const k = Math.max(1, Math.min(48, Math.round((count + known) / 5)));
  const assignment = cluster(points, count + known, k, seededRandom(seed));
  const clusters = Array.from({ length: k }, () => ({ members: [] as number[], labelled: 0 }));
  for (const [row, of] of assignment.entries()) {
    if (row < count) clusters[of]!.members.push(row);
    else clusters[of]!.labelled++;
  }
  const queues = clusters
    .filter(({ members }) => members.length > 0)
    .sort((a, b) => a.labelled - b.labelled || b.members.length - a.members.length)
    .map(({ members }) => ({ members, queue: spreadByTypicality(points, Int32Array.from(members)) }));
  const picks: Pick[] = [];
  for (let round = 0; picks.length < count; round++) {
    for (const { members, queue } of queues) {
      const index = queue[round];
      if (index === undefined) continue;
      const size = members.length;
      picks.push({
        index,
        reason: size > 1 ? say('order_typical', { size }) : say('order_odd'),
      });
    }
  }
  return picks;
}

/** Members by typicality × distance to those before them, for the first few; the rest by typicality alone. */
function spreadByTypicality(points: Projected, members: Int32Array): number[] {
  const scores = typicality(points, members);
  const rows = new Float64Array(members.length * points.dimensions);
  members.forEach((member, at) => {
    rows.set(rowOf(points, member).rows, at * points.dimensions);
  });
  const own = { rows, dimensions: points.dimensions };
  const distances = new Float64Array(members.length).fill(farthest);
  const left = new Set(members.keys());
  const order: number[] = [];
  while (left.size > 0 && order.length < 8) {
    let best = -1;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (const at of left) {
      const score = scores[at]! * distances[at]!;
      if (score > bestScore) [best, bestScore] = [at, score];
    }
    left.delete(best);
    order.push(best);
    lowerDistances(distances, own, rowOf(own, best));
  }
  return [...order, ...[...left].sort((a, b) => scores[b]! - scores[a]!)].map((at) => members[at]!);
}
