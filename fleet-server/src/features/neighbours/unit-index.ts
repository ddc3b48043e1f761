import { letEventsIn } from '../../learning/let-events-in.js';

const rowsAtOnce = 2048;

export interface Near {
  id: string;
  /** Cosine, in [−1, 1]. */
  similarity: number;
}

/** Vectors of one length by id, kept at length one, so that a dot product is their cosine. */
export class UnitIndex {
  readonly #dimensions: number;
  readonly #places = new Map<string, number>();
  #ids: string[] = [];
  #rows = new Float32Array(0);

  constructor(dimensions: number) {
    this.#dimensions = dimensions;
  }

  get ids(): readonly string[] {
    return this.#ids;
  }

  has(id: string): boolean {
    return this.#places.has(id);
  }

  /** @param rows [ids, dimensions]; an id that is there already keeps its place and takes the new vector */
  add(ids: readonly string[], rows: Float32Array): void {
    const fresh = ids.filter((id) => !this.#places.has(id)).length;
    this.#reserve(this.#ids.length + fresh);
    for (const [at, id] of ids.entries()) {
      let place = this.#places.get(id);
      if (place === undefined) {
        place = this.#ids.push(id) - 1;
        this.#places.set(id, place);
      }
      this.#rows.set(
        unit(rows.subarray(at * this.#dimensions, (at + 1) * this.#dimensions)),
        place * this.#dimensions,
      );
    }
  }

  /** Leaves only these. */
  keep(wanted: ReadonlySet<string>): void {
    const d = this.#dimensions;
    const kept: string[] = [];
    for (const [from, id] of this.#ids.entries()) {
      if (!wanted.has(id)) {
        this.#places.delete(id);
        continue;
      }
      const to = kept.push(id) - 1;
      if (to !== from) this.#rows.copyWithin(to * d, from * d, (from + 1) * d);
      this.#places.set(id, to);
    }
    this.#ids = kept;
  }

  /** The most alike first. Other work gets its turn between blocks of rows. */
  async nearest(vector: Float32Array, wanted: number): Promise<Near[]> {
    const asked = unit(vector);
    const found: Near[] = [];
    for (let from = 0; from < this.#ids.length; from += rowsAtOnce) {
      if (from > 0) await letEventsIn(undefined);
      const to = Math.min(this.#ids.length, from + rowsAtOnce);
      for (let row = from; row < to; row++) {
        const similarity = dot(asked, this.#rows, row * this.#dimensions);
        if (found.length < wanted || similarity > found.at(-1)!.similarity) {
          insert(found, { id: this.#ids[row]!, similarity }, wanted);
        }
      }
    }
    return found;
  }

  #reserve(rows: number): void {
    const needed = rows * this.#dimensions;
    if (needed <= this.#rows.length) return;
    const grown = new Float32Array(Math.max(needed, Math.ceil(this.#rows.length * 1.25)));
    grown.set(this.#rows);
    this.#rows = grown;
  }
}

function insert(sorted: Near[], near: Near, most: number): void {
  if (sorted.length < most) sorted.push(near);
  let at = sorted.length - 1;
  while (at > 0 && sorted[at - 1]!.similarity < near.similarity) {
    sorted[at] = sorted[at - 1]!;
    at--;
  }
  sorted[at] = near;
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector, 0)) || 1;
  return vector.map((value) => value / length);
}

/** Several sums at once keep the processor's units busy. */
function dot(a: Float32Array, b: Float32Array, start: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let j = 0;
  for (; j + 3 < a.length; j += 4) {
    s0 += a[j]! * b[start + j]!;
    s1 += a[j + 1]! * b[start + j + 1]!;
    s2 += a[j + 2]! * b[start + j + 2]!;
    s3 += a[j + 3]! * b[start + j + 3]!;
  }
  for (; j < a.length; j++) s0 += a[j]! * b[start + j]!;
  return s0 + s1 + s2 + s3;
}
