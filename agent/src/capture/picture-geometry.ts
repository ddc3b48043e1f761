import type { CameraConfig } from '@lineside/shared';

export type Region = NonNullable<CameraConfig['regionOfInterest']>;
export type Rotation = NonNullable<CameraConfig['rotation']>;

export interface Size {
  /** pixels */
  readonly width: number;
  /** pixels */
  readonly height: number;
}

/** A rectangle inside a picture that has been turned upright. */
export interface Cut extends Size {
  /** pixels from the left */
  readonly left: number;
  /** pixels from the top */
  readonly top: number;
}

export const swapsSides = (rotation: Rotation): boolean => rotation === 90 || rotation === 270;

export const turned = ({ width, height }: Size, rotation: Rotation): Size =>
  swapsSides(rotation) ? { width: height, height: width } : { width, height };

function span(start: number, share: number, whole: number): [from: number, length: number] {
  const length = Math.min(whole, Math.max(1, Math.round(share * whole)));
  return [Math.min(Math.round(start * whole), whole - length), length];
}

/** The pixels of a region of an upright picture, at least one. */
export function cutOf(upright: Size, region: Region): Cut {
  const [left, width] = span(region.left, region.width, upright.width);
  const [top, height] = span(region.top, region.height, upright.height);
  return { left, top, width, height };
}

/** No camera has much more to give; a larger picture would only be blown up to be cut. */
const widest = 4096;

/**
 * The size at which a whole upright picture has to be made so that its region comes out as large as asked for. Of a
 * very small region the whole would be too large: it is then made smaller, and the region enlarged afterwards.
 */
export const wholeFor = (wanted: Size, region: Region): Size => ({
  width: Math.min(Math.round(wanted.width / region.width), Math.max(widest, wanted.width)),
  height: Math.min(Math.round(wanted.height / region.height), Math.max(widest, wanted.height)),
});

/**
 * Turns a picture clockwise and cuts a region out of the result.
 * @param rgb uint8 [height, width, 3]; stays as it is
 */
export function reframe(
  rgb: Uint8Array,
  size: Size,
  rotation: Rotation,
  region: Region | undefined,
): Size & { rgb: Buffer } {
  const upright = turned(size, rotation);
  const cut = region ? cutOf(upright, region) : { left: 0, top: 0, ...upright };
  const out = Buffer.allocUnsafe(cut.width * cut.height * 3);
  const { width, height } = size;
  // Where the first pixel of the result lies in the given picture, and the way to its right and lower neighbours.
  const at = (x: number, y: number): number => (y * width + x) * 3;
  const { left, top } = cut;
  const [first, right, down] = {
    0: [at(left, top), at(1, 0), at(0, 1)],
    90: [at(top, height - 1 - left), at(0, -1), at(1, 0)],
    180: [at(width - 1 - left, height - 1 - top), at(-1, 0), at(0, -1)],
    270: [at(width - 1 - top, left), at(0, 1), at(-1, 0)],
  }[rotation] as [number, number, number];
  let to = 0;
  for (let y = 0; y < cut.height; y++) {
    let from = first + y * down;
    for (let x = 0; x < cut.width; x++) {
      out[to] = rgb[from] ?? 0;
      out[to + 1] = rgb[from + 1] ?? 0;
      out[to + 2] = rgb[from + 2] ?? 0;
      to += 3;
      from += right;
    }
  }
  return { rgb: out, width: cut.width, height: cut.height };
}
