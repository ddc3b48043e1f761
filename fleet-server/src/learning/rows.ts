/** At most `count` of the items, evenly spread. */
export function evenSample<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, at) => items[Math.floor((at * items.length) / count)]!);
}

/** Vectors of one length as the rows of a matrix [n, dimensions]. */
export function stackRows(vectors: readonly Float32Array[], dimensions: number): Float32Array {
  const rows = new Float32Array(vectors.length * dimensions);
  for (const [row, vector] of vectors.entries()) rows.set(vector, row * dimensions);
  return rows;
}
