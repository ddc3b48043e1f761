/** The value below which `share` of the others lie, without interpolation; not a number of nothing. */
export const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ??
  Number.NaN;

export const median = (values: readonly number[]): number => percentile(values, 0.5);
