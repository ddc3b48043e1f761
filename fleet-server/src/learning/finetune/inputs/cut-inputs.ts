import { crc32 } from 'node:zlib';
import { type Augmentation, augment } from '../augment.js';

/** What enters the tail, for every picture, in memory. */
export interface CutInputs {
  /** Checksum of the content. */
  readonly sum: number;
  /**
   * Copies the tensors of one picture to place `slot` of the batch buffers, one buffer a crossing tensor. With random numbers
   * it is a view of the picture as training sees it, without them the picture as a device sees it.
   */
  read(row: number, random: (() => number) | undefined, into: readonly Float32Array[], slot: number): void;
}

const checksum = (arrays: readonly (Float32Array | Uint8Array)[]): number =>
  arrays.reduce((sum, { buffer, byteOffset, byteLength }) => {
    return crc32(new Uint8Array(buffer, byteOffset, byteLength), sum);
  }, 0);

/**
 * Features at the cut: `values[t]` holds tensor t as [rows, views, sizes[t]]. View 0 is the untouched picture; training
 * draws among all.
 */
export function cachedFeatures(
  values: readonly Float32Array[],
  sizes: readonly number[],
  views: number,
): CutInputs {
  return {
    sum: checksum(values),
    read(row, random, into, slot) {
      const view = random ? Math.floor(random() * views) : 0;
      for (const [index, size] of sizes.entries()) {
        const start = (row * views + view) * size;
        into[index]!.set(values[index]!.subarray(start, start + size), slot * size);
      }
    },
  };
}

/** Pixels: uint8 [rows, side, side, 3], augmented anew at every reading and given to the net as [3, side, side] in [−1, 1]. */
export function cachedPixels(
  pixels: Uint8Array,
  side: number,
  augmentation: Augmentation | undefined,
): CutInputs {
  const size = 3 * side * side;
  return {
    sum: checksum([pixels]),
    read(row, random, into, slot) {
      const plain = { width: side, height: side, rgb: pixels.subarray(row * size, (row + 1) * size) };
      const { rgb } = random && augmentation ? augment(plain, augmentation, random) : plain;
      toPlanes(rgb, into[0]!, slot * size);
    },
  };
}

/** uint8 [side, side, 3] to float32 [3, side, side] in [−1, 1], written to `out` from `start`. */
export function toPlanes(rgb: Uint8Array, out: Float32Array, start: number): void {
  const plane = rgb.length / 3;
  for (let pixel = 0; pixel < plane; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      out[start + channel * plane + pixel] = rgb[3 * pixel + channel]! / 127.5 - 1;
    }
  }
}

/** The other way, rounded to the nearest level. */
export function toInterleaved(planes: Float32Array): Uint8Array {
  const plane = planes.length / 3;
  const rgb = new Uint8ClampedArray(planes.length);
  for (let pixel = 0; pixel < plane; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      rgb[3 * pixel + channel] = (planes[channel * plane + pixel]! + 1) * 127.5;
    }
  }
  return new Uint8Array(rgb.buffer);
}
