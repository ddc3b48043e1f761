import { quantile } from '../statistics/quantile.js';
import type { PictureFigures } from './picture-figures.js';

export const pictureFindings = ['dark', 'bright', 'flat', 'blurred'] as const;
export type PictureFinding = (typeof pictureFindings)[number];

export interface Measured extends PictureFigures {
  readonly camera: string;
}

/** Of fewer pictures nobody can say what is usual; such a camera is judged by all cameras. */
const fewest = 20;
/** So many times the usual spread away from the middle. */
const spreads = 5;
/** Three greys of 255: nothing can be seen. */
const noContrast = 3 / 255;
/** What is less than these shares of the usual is bad, if it is also far outside of the spread. */
const shareOf = { light: 0.5, contrast: 0.25, sharpness: 0.35 } as const;
/** Pictures of a still scene are all the same; a small change of them is none. */
const leastSpread = { brightness: 0.01, log: 0.1 } as const;
/** Standard deviations of a normal distribution in a median absolute deviation. */
const perMad = 1.4826;
const tiny = 1e-9;

interface Usual {
  readonly middle: number;
  readonly spread: number;
}

interface Camera {
  readonly brightness: Usual;
  /** Natural logarithms. */
  readonly contrast: Usual;
  readonly sharpness: Usual;
}

function usual(values: readonly number[], least: number): Usual {
  const middle = quantile(Float64Array.from(values), 0.5);
  const away = Float64Array.from(values, (value) => Math.abs(value - middle));
  return { middle, spread: Math.max(least, perMad * quantile(away, 0.5)) };
}

const logOf = (value: number): number => Math.log(value + tiny);
const farBelow = (value: number, { middle, spread }: Usual): boolean => value < middle - spreads * spread;

function learn(pictures: readonly PictureFigures[]): Camera | null {
  // What shows nothing says nothing of what is usual.
  const seen = pictures.filter(({ contrast }) => contrast >= noContrast);
  if (seen.length < fewest) return null;
  return {
    brightness: usual(
      seen.map(({ brightness }) => brightness),
      leastSpread.brightness,
    ),
    contrast: usual(
      seen.map(({ contrast }) => logOf(contrast)),
      leastSpread.log,
    ),
    sharpness: usual(
      seen.map(({ sharpness }) => logOf(sharpness)),
      leastSpread.log,
    ),
  };
}

function judge(
  { brightness, contrast, sharpness }: PictureFigures,
  camera: Camera | null,
): PictureFinding | null {
  const middle = camera?.brightness.middle ?? 0.5;
  const dark = brightness < shareOf.light * middle;
  const bright = 1 - brightness < shareOf.light * (1 - middle);
  if (contrast < noContrast) return dark ? 'dark' : bright ? 'bright' : 'flat';
  if (!camera) return null;
  const mirrored = { middle: -middle, spread: camera.brightness.spread };
  if (dark && farBelow(brightness, camera.brightness)) return 'dark';
  if (bright && farBelow(-brightness, mirrored)) return 'bright';
  const below = (value: number, normal: Usual, share: number) =>
    logOf(value) < normal.middle + Math.log(share) && farBelow(logOf(value), normal);
  if (below(contrast, camera.contrast, shareOf.contrast)) return 'flat';
  return below(sharpness, camera.sharpness, shareOf.sharpness) ? 'blurred' : null;
}

/**
 * The plainest thing that is wrong with each picture, by what is usual of its camera: median and median absolute deviation.
 * Only a picture without any contrast is bad by itself. A camera whose pictures are all alike bad is not found. Pure.
 * @returns in the order of the pictures; null: nothing
 */
export function badPictures(pictures: readonly Measured[]): (PictureFinding | null)[] {
  const byCamera = new Map<string, Measured[]>();
  for (const picture of pictures) {
    const list = byCamera.get(picture.camera);
    if (list) list.push(picture);
    else byCamera.set(picture.camera, [picture]);
  }
  const all = learn(pictures);
  const cameras = new Map([...byCamera].map(([camera, list]) => [camera, learn(list) ?? all]));
  return pictures.map((picture) => judge(picture, cameras.get(picture.camera) ?? null));
}
