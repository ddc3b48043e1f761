import { openReference, type ReferenceEmbeddings, standardiseInto } from '@lineside/shared';
import { measureScaling } from './head/standardise.js';
import { seededRandom, shuffled } from './random.js';

export interface ReferenceInput {
  readonly space: string;
  /** float32 [frames, dimensions], raw embeddings of the frames the model is fitted on */
  readonly rows: Float32Array;
  readonly dimensions: number;
  /** One a frame; frames of one group are never each other's neighbours. */
  readonly groups: readonly string[];
  readonly seed: number;
}

/** The package stays small: a device on a thin line downloads this beside the model. */
const mostBytes = 512 * 1024;
const mostVectors = 512;
/** Fewer say nothing about what is usual. */
const fewestFrames = 12;
/** Frames that are looked at; more would cost minutes and move the threshold by nothing. */
const mostFrames = 4000;
const mostNeighbours = 5;

/**
 * Which frames are like those that the model was trained on. The vectors are drawn as k-means++ draws its seeds, each
 * next one in proportion to its squared distance from those already there: common looks and rare ones are both covered.
 * @returns null when too few frames, or frames of too few groups, say what is usual
 */
export function referenceEmbeddings(input: ReferenceInput): ReferenceEmbeddings | null {
  const { dimensions, space, seed } = input;
  const random = seededRandom(seed);
  const frames = shuffled([...input.groups.keys()], random).slice(0, mostFrames);
  if (frames.length < fewestFrames) return null;
  const scaling = measureScaling(input.rows, dimensions);
  const mean = Float32Array.from(scaling.mean);
  const scale = Float32Array.from(scaling.deviation);
  const standard = frames.map((frame) => {
    const row = new Float32Array(dimensions);
    standardiseInto(row, rowOf(input, frame), mean, scale);
    return row;
  });
  const limit = Math.min(mostVectors, Math.max(fewestFrames, Math.floor(mostBytes / (4 * dimensions))));
  const chosen = spread(standard, Math.min(limit, frames.length), random);
  const message: ReferenceEmbeddings = {
    v: 1,
    space,
    dimensions,
    count: chosen.length,
    mean: bytesOf([mean]),
    scale: bytesOf([scale]),
    vectors: bytesOf(chosen.map((at) => standard[at]!)),
    neighbours: neighboursFor(chosen.length, frames.length),
    threshold: 0,
  };
  const reference = openReference(message);
  const groupOf = chosen.map((at) => input.groups[frames[at]!]);
  const distances = frames
    .map((frame) => reference.distance(rowOf(input, frame), (row) => groupOf[row] === input.groups[frame]))
    .filter(Number.isFinite);
  return distances.length < fewestFrames ? null : { ...message, threshold: outlierLimit(distances) };
}

const rowOf = ({ rows, dimensions }: ReferenceInput, frame: number): Float32Array =>
  rows.subarray(frame * dimensions, (frame + 1) * dimensions);

/** The more frames each vector stands for, the fewer of a rare kind are there to be found. */
function neighboursFor(vectors: number, frames: number): number {
  const wanted = Math.min(mostNeighbours, Math.sqrt(vectors) / 2) * (vectors / frames);
  return Math.max(1, Math.round(wanted));
}

function spread(rows: readonly Float32Array[], count: number, random: () => number): number[] {
  const chosen: number[] = [];
  const squared = new Float64Array(rows.length).fill(1);
  while (chosen.length < count) {
    let left = random() * squared.reduce((sum, value) => sum + value, 0);
    let next = -1;
    for (const [at, value] of squared.entries()) {
      // Copies of what is chosen already have no distance left. Rounding can leave a rest: then it is the last.
      if (value > 0) next = at;
      left -= value;
      if (next === at && left <= 0) break;
    }
    if (next < 0) break;
    chosen.push(next);
    const centre = rows[next]!;
    for (const [at, row] of rows.entries()) {
      let distance = 0;
      for (let j = 0; j < row.length; j++) distance += (row[j]! - centre[j]!) ** 2;
      squared[at] = chosen.length === 1 ? distance : Math.min(squared[at]!, distance);
    }
  }
  return chosen;
}

/** Third quartile + 1.7 × interquartile range: of normal values about one in 200 lies above. */
function outlierLimit(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const quantile = (share: number): number => {
    const at = share * (sorted.length - 1);
    const low = sorted[Math.floor(at)] ?? 0;
    return low + ((sorted[Math.ceil(at)] ?? low) - low) * (at - Math.floor(at));
  };
  return quantile(0.75) + 1.7 * (quantile(0.75) - quantile(0.25));
}

function bytesOf(rows: readonly Float32Array[]): Uint8Array {
  const length = rows.reduce((sum, row) => sum + row.length, 0);
  const bytes = new DataView(new ArrayBuffer(length * 4));
  let at = 0;
  for (const row of rows) {
    for (const value of row) {
      bytes.setFloat32(at, value, true);
      at += 4;
    }
  }
  return new Uint8Array(bytes.buffer);
}
