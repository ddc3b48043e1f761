import type { RgbImage } from '../image.js';

export type Colour = readonly [number, number, number];

/** Mean red, green and blue, 0 to 255. */
export function meanColour({ rgb }: Pick<RgbImage, 'rgb'>): Colour {
  const sums: [number, number, number] = [0, 0, 0];
  for (let at = 0; at < rgb.length; at += 3) {
    sums[0] += rgb[at]!;
    sums[1] += rgb[at + 1]!;
    sums[2] += rgb[at + 2]!;
  }
  const pixels = rgb.length / 3;
  return [sums[0] / pixels, sums[1] / pixels, sums[2] / pixels];
}

/** Added to each variance: a step of a byte in ten says nothing. */
const noise = 0.1;

/**
 * What a model has to beat: the Mahalanobis distance of a picture's mean colour from those of good parts.
 * @returns the squared distance of a colour
 */
export function colourDistance(good: readonly Colour[]): (colour: Colour) => number {
  const mean = [0, 1, 2].map((i) => good.reduce((sum, colour) => sum + colour[i]!, 0) / good.length);
  const covariance = (i: number, j: number) =>
    good.reduce((sum, colour) => sum + (colour[i]! - mean[i]!) * (colour[j]! - mean[j]!), 0) / good.length +
    (i === j ? noise : 0);
  const [a, b, c, d, e, f] = [
    covariance(0, 0),
    covariance(1, 0),
    covariance(1, 1),
    covariance(2, 0),
    covariance(2, 1),
    covariance(2, 2),
  ] as const;
  // Cholesky factors of three by three, by hand.
  const l00 = Math.sqrt(a);
  const l10 = b / l00;
  const l11 = Math.sqrt(c - l10 * l10);
  const l20 = d / l00;
  const l21 = (e - l20 * l10) / l11;
  const l22 = Math.sqrt(f - l20 * l20 - l21 * l21);
  return (colour) => {
    const x = (colour[0] - mean[0]!) / l00;
    const y = (colour[1] - mean[1]! - l10 * x) / l11;
    const z = (colour[2] - mean[2]! - l20 * x - l21 * y) / l22;
    return x * x + y * y + z * z;
  };
}
