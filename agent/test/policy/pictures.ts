import { drawPart } from '../../src/capture/synthetic/line.js';
import { renderPart } from '../../src/capture/synthetic/render-part.js';
import type { Pixels } from '../../src/inference/model.js';

const drawn = new Map<string, Pixels>();

/** Part after part as one camera station sees them; drawn once. */
export function part(sequence: number, variant = 0, width = 320, height = 240): Pixels {
  const name = [sequence, variant, width, height].join();
  const known = drawn.get(name);
  if (known) return known;
  const { partSeed, defect } = drawPart({ seed: 5, sequence, defectShare: 0.3 });
  const picture = renderPart({ seed: partSeed, variant, defect, width, height });
  drawn.set(name, picture);
  return picture;
}

/** Each byte through a function of its value and place. */
function mapped(
  { rgb, width, height }: Pixels,
  to: (x: number, y: number, channel: number) => number,
): Pixels {
  const out = Buffer.alloc(rgb.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        out[3 * (y * width + x) + c] = Math.max(0, Math.min(255, Math.round(to(x, y, c))));
      }
    }
  }
  return { rgb: out, width, height };
}

const at = ({ rgb, width, height }: Pixels, x: number, y: number, c: number): number => {
  const inX = Math.max(0, Math.min(width - 1, x));
  const inY = Math.max(0, Math.min(height - 1, y));
  return rgb[3 * (inY * width + inX) + c] ?? 0;
};

export const scaled = (pixels: Pixels, gain: number, offset = 0): Pixels =>
  mapped(pixels, (x, y, c) => at(pixels, x, y, c) * gain + offset);

/** The scene moved by so many pixels, its edge repeated. */
export const moved = (pixels: Pixels, dx: number, dy: number): Pixels =>
  mapped(pixels, (x, y, c) => at(pixels, x - dx, y - dy, c));

/** A lens out of focus: the mean over a square of 2 · radius + 1, twice. */
export function blurred(pixels: Pixels, radius: number): Pixels {
  const once = (source: Pixels, alongX: boolean): Pixels =>
    mapped(source, (x, y, c) => {
      let sum = 0;
      for (let k = -radius; k <= radius; k++)
        sum += at(source, x + (alongX ? k : 0), y + (alongX ? 0 : k), c);
      return sum / (2 * radius + 1);
    });
  const square = (source: Pixels) => once(once(source, true), false);
  return square(square(pixels));
}

/** What a sensor adds to each picture anew. */
export const noisy = (pixels: Pixels, random: () => number, amount = 6): Pixels =>
  mapped(pixels, (x, y, c) => at(pixels, x, y, c) + amount * (random() + random() - 1));
