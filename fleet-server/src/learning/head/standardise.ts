export interface Scaling {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

/**
 * Per-dimension mean and standard deviation of [n, d] rows. The deviation is widened by a tenth of the typical one: with
 * few frames a dimension can be almost constant by chance, and must not dominate the first frame in which it moves.
 */
export function measureScaling(rows: Float32Array, dimensions: number): Scaling {
  const count = rows.length / dimensions;
  const mean = new Float64Array(dimensions);
  const variance = new Float64Array(dimensions);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < dimensions; j++) mean[j]! += rows[i * dimensions + j]! / count;
  }
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < dimensions; j++) {
      const difference = rows[i * dimensions + j]! - mean[j]!;
      variance[j]! += (difference * difference) / count;
    }
  }
  const typical = variance.reduce((sum, value) => sum + Math.sqrt(value), 0) / dimensions;
  const floor = (0.1 * typical) ** 2 || 1;
  return { mean, deviation: variance.map((value) => Math.sqrt(value + floor)) };
}

export function standardise(rows: Float32Array, { mean, deviation }: Scaling): Float64Array {
  const dimensions = mean.length;
  const out = new Float64Array(rows.length);
  for (let start = 0; start < rows.length; start += dimensions) {
    for (let j = 0; j < dimensions; j++) out[start + j] = (rows[start + j]! - mean[j]!) / deviation[j]!;
  }
  return out;
}
