import type { RgbImage } from '../image.js';

/** Changes that a camera on a line may make to a picture without changing its class. Zero or false switches one off. */
export interface Augmentation {
  readonly flipHorizontal: boolean;
  readonly flipVertical: boolean;
  /** Largest turn to either side, in degrees; what comes into view repeats the border. */
  readonly rotationDegrees: number;
  /** Largest part of width and height that is cropped away, 0 to 1: small, so that a defect stays in the picture. */
  readonly crop: number;
  /** Largest change of brightness, as part of the full range. */
  readonly brightness: number;
  /** Largest change of contrast around the middle grey, as part of the present one. */
  readonly contrast: number;
  /** Largest standard deviation of Gaussian noise, in grey levels of 255. */
  readonly noise: number;
  /** Probability of a 3×3 binomial blur. */
  readonly blur: number;
}

export const defaultAugmentation: Augmentation = {
  flipHorizontal: true,
  flipVertical: true,
  rotationDegrees: 8,
  crop: 0.1,
  brightness: 0.1,
  contrast: 0.15,
  noise: 4,
  blur: 0.15,
};

/** What a run may be told to leave out, by name; each goes with its part of the augmentation. */
const parts = {
  'flip-horizontal': { flipHorizontal: false },
  'flip-vertical': { flipVertical: false },
  rotation: { rotationDegrees: 0 },
  crop: { crop: 0 },
  brightness: { brightness: 0 },
  contrast: { contrast: 0 },
  noise: { noise: 0 },
  blur: { blur: 0 },
} as const satisfies Record<string, Partial<Augmentation>>;

export type Change = keyof typeof parts;
export const changes = Object.keys(parts) as Change[];

/** The usual augmentation with these changes only; undefined when there is none. */
export function augmentationOf(wanted: readonly Change[]): Augmentation | undefined {
  const left = changes.filter((change) => !wanted.includes(change));
  if (left.length === changes.length) return undefined;
  return Object.assign({}, defaultAugmentation, ...left.map((change) => parts[change]));
}

/** A changed copy of the same size, of uint8 RGB. The same random numbers give the same picture. */
export function augment(image: RgbImage, settings: Augmentation, random: () => number): RgbImage {
  const moved = move(image, settings, random);
  const blurred = random() < settings.blur ? blur(moved) : moved;
  return tone(blurred, settings, random);
}

/** A number between −limit and limit. */
const within = (limit: number, random: () => number): number => (2 * random() - 1) * limit;

/** Flip, turn and crop as one affine map, looked up backwards and interpolated bilinearly. */
function move(image: RgbImage, settings: Augmentation, random: () => number): RgbImage {
  const { width, height, rgb } = image;
  const mirrorX = settings.flipHorizontal && random() < 0.5 ? -1 : 1;
  const mirrorY = settings.flipVertical && random() < 0.5 ? -1 : 1;
  const angle = (within(settings.rotationDegrees, random) * Math.PI) / 180;
  const scale = 1 - settings.crop * random();
  const centreX = (width - 1) / 2 + within(0.5 * (1 - scale) * (width - 1), random);
  const centreY = (height - 1) / 2 + within(0.5 * (1 - scale) * (height - 1), random);
  const [cos, sin] = [Math.cos(angle) * scale, Math.sin(angle) * scale];
  const out = new Uint8Array(rgb.length);
  let at = 0;
  for (let y = 0; y < height; y++) {
    const dy = (y - (height - 1) / 2) * mirrorY;
    for (let x = 0; x < width; x++) {
      const dx = (x - (width - 1) / 2) * mirrorX;
      const fromX = Math.min(width - 1, Math.max(0, centreX + cos * dx - sin * dy));
      const fromY = Math.min(height - 1, Math.max(0, centreY + sin * dx + cos * dy));
      const left = Math.floor(fromX);
      const top = Math.floor(fromY);
      const a = fromX - left;
      const b = fromY - top;
      const upper = 3 * (top * width + left);
      const lower = b > 0 ? upper + 3 * width : upper;
      const next = a > 0 ? 3 : 0;
      for (let c = 0; c < 3; c++) {
        const above = rgb[upper + c]! + a * (rgb[upper + next + c]! - rgb[upper + c]!);
        const below = rgb[lower + c]! + a * (rgb[lower + next + c]! - rgb[lower + c]!);
        out[at++] = above + b * (below - above) + 0.5;
      }
    }
  }
  return { width, height, rgb: out };
}

/** [1 2 1] / 4 along either axis, the border repeated. */
function blur({ width, height, rgb }: RgbImage): RgbImage {
  const pass = (
    source: Uint8Array,
    stride: number,
    length: number,
    lines: (line: number) => number,
    count: number,
  ) => {
    const out = new Uint8Array(source.length);
    for (let line = 0; line < count; line++) {
      const start = lines(line);
      for (let i = 0; i < length; i++) {
        const here = start + i * stride;
        const before = i > 0 ? here - stride : here;
        const after = i < length - 1 ? here + stride : here;
        for (let c = 0; c < 3; c++) {
          out[here + c] = (source[before + c]! + 2 * source[here + c]! + source[after + c]! + 2) >> 2;
        }
      }
    }
    return out;
  };
  const rows = pass(rgb, 3, width, (line) => 3 * line * width, height);
  return { width, height, rgb: pass(rows, 3 * width, height, (line) => 3 * line, width) };
}

const noiseTableSize = 4096;

/** Contrast, brightness and noise, in one pass. */
function tone(image: RgbImage, settings: Augmentation, random: () => number): RgbImage {
  const gain = 1 + within(settings.contrast, random);
  const shift = 255 * within(settings.brightness, random);
  const deviation = settings.noise * random();
  const levels = Float32Array.from({ length: 256 }, (_, level) => 127.5 + gain * (level - 127.5) + shift);
  // Normal numbers are dear: a table of them, entered anew at random for every row.
  const table =
    deviation > 0
      ? Float32Array.from({ length: noiseTableSize }, () => deviation * normal(random))
      : new Float32Array(noiseTableSize);
  const out = new Uint8ClampedArray(image.rgb.length);
  const rowLength = 3 * image.width;
  for (let start = 0; start < out.length; start += rowLength) {
    const offset = deviation > 0 ? Math.floor(random() * noiseTableSize) : 0;
    for (let i = start; i < start + rowLength; i++) {
      out[i] = levels[image.rgb[i]!]! + table[(offset + i) % noiseTableSize]!;
    }
  }
  return { ...image, rgb: new Uint8Array(out.buffer) };
}

/** Box–Muller. */
const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
