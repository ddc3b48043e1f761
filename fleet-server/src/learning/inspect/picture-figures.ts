import sharp from 'sharp';
import { greyFile } from '../grey.js';

/** How a picture came out, whatever it shows. */
export interface PictureFigures {
  /** Mean grey, 0 (black) to 1. */
  readonly brightness: number;
  /** Standard deviation of the greys, 0 (one grey) to 0.5. */
  readonly contrast: number;
  /** Variance of the Laplacian of the greys of 0 to 1, at most 256 pixels a side. */
  readonly sharpness: number;
}

const side = 256;
const tellEvery = 50;

/** @param grey [height, width] */
export function figuresOf(grey: Uint8Array, width: number, height: number): PictureFigures {
  let sum = 0;
  let squares = 0;
  for (const value of grey) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / grey.length;
  let edges = 0;
  let edgeSquares = 0;
  let count = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const edge = grey[at - 1]! + grey[at + 1]! + grey[at - width]! + grey[at + width]! - 4 * grey[at]!;
      edges += edge;
      edgeSquares += edge * edge;
      count++;
    }
  }
  const variance = count === 0 ? 0 : edgeSquares / count - (edges / count) ** 2;
  return {
    brightness: mean / 255,
    contrast: Math.sqrt(Math.max(0, squares / grey.length - mean * mean)) / 255,
    sharpness: Math.max(0, variance) / 255 ** 2,
  };
}

/** Figures of picture files; null where one cannot be read. */
export async function measureFiles(
  paths: readonly string[],
  onProgress: (done: number, total: number) => void = () => {},
): Promise<(PictureFigures | null)[]> {
  sharp.concurrency(1);
  sharp.cache(false);
  const figures: (PictureFigures | null)[] = [];
  for (const [at, path] of paths.entries()) {
    const grey = await greyFile(path)
      .resize(side, side, { fit: 'inside', withoutEnlargement: true })
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
      .catch(() => null);
    figures.push(
      grey && grey.info.channels === 1 ? figuresOf(grey.data, grey.info.width, grey.info.height) : null,
    );
    if ((at + 1) % tellEvery === 0) onProgress(at + 1, paths.length);
  }
  return figures;
}
