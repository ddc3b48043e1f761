import { multiplyRows } from '../head/dense.js';
import { letEventsIn } from '../let-events-in.js';
import type { Projected } from '../order/projection.js';

const rowsAtOnce = 64;

export interface Nearest {
  /** [n][k], the nearest first; a row that is among the others is its own nearest. */
  readonly indices: number[][];
  /** [n][k]: cosine distances in [0, 2]. */
  readonly distances: number[][];
}

/** The `k` nearest of some unit rows to each of others, exactly. @throws LinesideError `training_cancelled` */
export async function nearestRows(
  of: Projected,
  among: Projected,
  k: number,
  onProgress: (done: number, total: number) => void = () => {},
  signal?: AbortSignal,
): Promise<Nearest> {
  const { dimensions } = of;
  const count = of.rows.length / dimensions;
  const others = among.rows.length / dimensions;
  const products = new Float64Array(rowsAtOnce * others);
  const indices: number[][] = [];
  const distances: number[][] = [];
  for (let from = 0; from < count; from += rowsAtOnce) {
    const block = Int32Array.from({ length: Math.min(rowsAtOnce, count - from) }, (_, at) => from + at);
    multiplyRows(of.rows, block, among.rows, others, dimensions, products);
    for (let at = 0; at < block.length; at++) {
      const best = closest(products.subarray(at * others, (at + 1) * others), k);
      indices.push(best);
      distances.push(best.map((row) => Math.max(0, 1 - products[at * others + row]!)));
    }
    onProgress(Math.min(count, from + rowsAtOnce), count);
    await letEventsIn(signal);
  }
  return { indices, distances };
}

/** Places of the `k` largest, the largest first; of equal ones the first. */
function closest(similarities: Float64Array, k: number): number[] {
  const places: number[] = [];
  for (let at = 0; at < similarities.length; at++) {
    const value = similarities[at]!;
    if (places.length === k && value <= similarities[places[k - 1]!]!) continue;
    let place = places.length === k ? k - 1 : places.length;
    while (place > 0 && similarities[places[place - 1]!]! < value) {
      places[place] = places[place - 1]!;
      place--;
    }
    places[place] = at;
  }
  return places;
}
