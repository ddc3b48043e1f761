import { allRows, multiplyRows } from '../head/dense.js';
import { lowerDistances, type Projected, rowOf } from './projection.js';

/** k-means++ and at most `rounds` of Lloyd on unit rows; returns the cluster of each row. */
export function cluster(
  points: Projected,
  count: number,
  k: number,
  random: () => number,
  rounds = 12,
): Int32Array {
  const { dimensions } = points;
  const centres = seedCentres(points, count, k, random);
  const assignment = new Int32Array(count).fill(-1);
  const similarities = new Float64Array(count * k);
  const rows = allRows(count);
  for (let round = 0; round < rounds; round++) {
    multiplyRows(points.rows, rows, centres, k, dimensions, similarities);
    let moved = 0;
    for (let i = 0; i < count; i++) {
      let best = 0;
      for (let c = 1; c < k; c++) if (similarities[i * k + c]! > similarities[i * k + best]!) best = c;
      if (assignment[i] !== best) moved++;
      assignment[i] = best;
    }
    if (moved === 0) break;
    recentre(centres, points, assignment);
  }
  return assignment;
}

function seedCentres(points: Projected, count: number, k: number, random: () => number): Float64Array {
  const { dimensions } = points;
  const centres = new Float64Array(k * dimensions);
  const distances = new Float64Array(count).fill(2);
  let chosen = Math.floor(random() * count);
  for (let c = 0; c < k; c++) {
    const centre = rowOf(points, chosen);
    centres.set(centre.rows, c * dimensions);
    lowerDistances(distances, points, centre);
    let left = random() * distances.reduce((sum, distance) => sum + distance * distance, 0);
    chosen = 0;
    while (chosen < count - 1 && left > distances[chosen]! ** 2) left -= distances[chosen++]! ** 2;
  }
  return centres;
}

/** Spherical means; a cluster that has lost every row keeps its old centre. */
function recentre(centres: Float64Array, { rows, dimensions }: Projected, assignment: Int32Array): void {
  const sums = new Float64Array(centres.length);
  for (const [i, c] of assignment.entries()) {
    for (let j = 0; j < dimensions; j++) sums[c * dimensions + j]! += rows[i * dimensions + j]!;
  }
  for (let start = 0; start < centres.length; start += dimensions) {
    let squares = 0;
    for (let j = 0; j < dimensions; j++) squares += sums[start + j]! ** 2;
    if (squares === 0) continue;
    const length = Math.sqrt(squares);
    for (let j = 0; j < dimensions; j++) centres[start + j] = sums[start + j]! / length;
  }
}

const neighbours = 20;
const maxCompared = 400;

/** Typicality of cluster members: 1 / mean distance to the nearest 20 others, against at most 400 of them. */
export function typicality(points: Projected, members: Int32Array): Float64Array {
  const { dimensions } = points;
  const step = Math.max(1, members.length / maxCompared);
  const compared = Int32Array.from({ length: Math.min(members.length, maxCompared) }, (_, at) => {
    return members[Math.floor(at * step)]!;
  });
  const others = new Float64Array(compared.length * dimensions);
  compared.forEach((row, at) => {
    others.set(points.rows.subarray(row * dimensions, (row + 1) * dimensions), at * dimensions);
  });
  const similarities = new Float64Array(compared.length);
  const one = new Int32Array(1);
  return Float64Array.from(members, (member) => {
    one[0] = member;
    multiplyRows(points.rows, one, others, compared.length, dimensions, similarities);
    const distances = Array.from(similarities, (similarity) => Math.sqrt(Math.max(0, 2 - 2 * similarity)))
      .filter((_, at) => compared[at] !== member)
      .sort((a, b) => a - b)
      .slice(0, neighbours);
    if (distances.length === 0) return 0;
    return 1 / (1e-6 + distances.reduce((sum, distance) => sum + distance, 0) / distances.length);
  });
}
