/** Sizes of a picture's patches: `places` of them, each of `dimensions` numbers. */
export interface PatchShape {
  readonly places: number;
  readonly dimensions: number;
}

/** Sums over pictures, from which mean and covariance of every place follow. */
export interface Moments extends PatchShape {
  count: number;
  /** [places, dimensions] */
  readonly sums: Float64Array;
  /** [places, dimensions, dimensions], the lower triangles */
  readonly products: Float64Array;
}

export const noMoments = ({ places, dimensions }: PatchShape): Moments => ({
  places,
  dimensions,
  count: 0,
  sums: new Float64Array(places * dimensions),
  products: new Float64Array(places * dimensions * dimensions),
});

/** Takes one picture in, or with a sign of −1 out again. @param patches [places, dimensions] */
export function addPatches(moments: Moments, patches: Float32Array, sign: 1 | -1 = 1): void {
  const { dimensions, sums, products } = moments;
  moments.count += sign;
  for (let start = 0; start < patches.length; start += dimensions) {
    for (let i = 0; i < dimensions; i++) {
      const value = sign * patches[start + i]!;
      sums[start + i]! += value;
      const row = (start + i) * dimensions;
      for (let j = 0; j <= i; j++) products[row + j]! += value * patches[start + j]!;
    }
  }
}

export const copyMoments = ({ count, sums, products, ...shape }: Moments): Moments => ({
  ...shape,
  count,
  sums: sums.slice(),
  products: products.slice(),
});
