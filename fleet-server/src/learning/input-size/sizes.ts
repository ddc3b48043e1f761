import type { Backbone } from '../backbone/default-backbone.js';

export const inputSizeBounds = { least: 64, most: 640, step: 32 } as const;

/** Sizes that are tried above the one a backbone was made for, relative to it: twice and four times the work. */
const growth = [10 / 7, 2];

/** Height and width in pixels that the same weights may be given instead of the native size. */
export const isInputSize = (size: number): boolean =>
  size >= inputSizeBounds.least && size <= inputSizeBounds.most && size % inputSizeBounds.step === 0;

/** Larger sizes worth trying, smallest first, when pictures have `longSide` pixels: beyond it there is nothing to see. */
export function largerSizes(nativeSize: number, longSide: number): number[] {
  const { step } = inputSizeBounds;
  return growth
    .map((factor) => step * Math.round((factor * nativeSize) / step))
    .filter((size) => size > nativeSize && size <= longSide && isInputSize(size));
}

/** Work for a picture relative to the native size: a convolution costs as much as there are pixels. */
export const workFactor = (size: number, nativeSize: number): number => (size / nativeSize) ** 2;

/** The same weights at another size: embeddings of two sizes are two spaces. */
export const atSize = (backbone: Backbone, size: number): Backbone =>
  size === backbone.inputSize
    ? backbone
    : { ...backbone, inputSize: size, space: `${backbone.space}-${size}px` };
