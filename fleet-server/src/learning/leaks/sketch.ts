import sharp from 'sharp';
import { greyFile } from '../grey.js';

/** Pixels of a side of the small grey picture that a sketch is made from. */
const side = 64;
/** Cosine waves across and down that are kept. */
const waves = 28;
/** Numbers of a sketch: all waves but the even grey. */
export const sketchLength = waves * waves - 1;
/** Places in a sketch of its coarsest waves, 12 across and down: what a first look compares. */
export const coarse: readonly number[] = Array.from({ length: sketchLength }, (_, place) => place).filter(
  (place) => Math.floor((place + 1) / waves) < 12 && (place + 1) % waves < 12,
);
/** What the length of a sketch is scaled to, to be kept in 16 bits. */
const scale = 32_767;

/** [waves, side]: the cosine waves of the DCT-II. */
const basis = Float64Array.from({ length: waves * side }, (_, at) =>
  Math.cos(((2 * (at % side) + 1) * Math.floor(at / side) * Math.PI) / (2 * side)),
);

/**
 * The shapes of a picture: its lowest cosine waves, at the same contrast for every picture. Other compression, size, noise,
 * sharpness or brightness hardly move them.
 * @param grey [64, 64]
 * @returns [783]; all 0 of an even picture
 */
export function sketchOf(grey: Uint8Array): Int16Array {
  const across = new Float64Array(waves * side);
  for (let u = 0; u < waves; u++) {
    for (let y = 0; y < side; y++) {
      let sum = 0;
      for (let x = 0; x < side; x++) sum += grey[y * side + x]! * basis[u * side + x]!;
      across[u * side + y] = sum;
    }
  }
  const sketch = new Float64Array(sketchLength);
  for (let at = 1; at <= sketchLength; at++) {
    const u = Math.floor(at / waves);
    const v = at % waves;
    let sum = 0;
    for (let y = 0; y < side; y++) sum += across[u * side + y]! * basis[v * side + y]!;
    sketch[at - 1] = sum;
  }
  const length = Math.hypot(...sketch);
  // Rounding alone leaves as much as this of an even picture.
  const factor = length > 1 ? scale / length : 0;
  return Int16Array.from(sketch, (value) => Math.round(value * factor));
}

/** Sketches of picture files; null where one cannot be read. */
export async function sketchFiles(
  paths: readonly string[],
  onProgress: (done: number, total: number) => void = () => {},
): Promise<(Int16Array | null)[]> {
  sharp.concurrency(1);
  const sketches: (Int16Array | null)[] = [];
  for (const [at, path] of paths.entries()) {
    const grey = await greyFile(path)
      .resize(side, side, { fit: 'fill' })
      .raw({ depth: 'uchar' })
      .toBuffer()
      .catch(() => null);
    sketches.push(grey && grey.length === side * side ? sketchOf(grey) : null);
    onProgress(at + 1, paths.length);
  }
  return sketches;
}
