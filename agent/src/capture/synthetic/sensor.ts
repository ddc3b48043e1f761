import type { Random } from '../../policy/random.js';
import type { Light } from './shade.js';
import { texel, texture } from './texture.js';

/** Linear intensity in steps of 1/1023 → 8 bit with the camera's tone curve. */
const tone = Uint8Array.from({ length: 1024 }, (_, i) => {
  const x = (i / 1023) * 1.25;
  // Highlights roll off instead of clipping.
  const rolled = x < 0.7 ? x : 0.7 + 0.3 * (1 - Math.exp(-(x - 0.7) / 0.3));
  return Math.round(255 * rolled ** (1 / 2.2));
});

/** The lens softens: a 3 × 3 binomial, mixed with the sharp picture. */
function soften(plane: Float32Array, width: number, height: number, amount: number): void {
  const centre = 1 - amount / 2;
  const side = amount / 4;
  for (let y = 0; y < height; y++) {
    let before = plane[y * width] ?? 0;
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const here = plane[i] ?? 0;
      const after = x < width - 1 ? (plane[i + 1] ?? 0) : here;
      plane[i] = centre * here + side * (before + after);
      before = here;
    }
  }
  for (let x = 0; x < width; x++) {
    let before = plane[x] ?? 0;
    for (let y = 0; y < height; y++) {
      const i = y * width + x;
      const here = plane[i] ?? 0;
      const after = y < height - 1 ? (plane[i + width] ?? 0) : here;
      plane[i] = centre * here + side * (before + after);
      before = here;
    }
  }
}

/** Exposes the light: lens blur, shot and read noise, tone curve. Returns uint8 [height, width, 3]. */
export function expose(
  light: Light,
  width: number,
  height: number,
  options: { blur: number; noise: number },
  random: Random,
): Buffer {
  const { red, green, blue } = light;
  for (const plane of [red, green, blue]) soften(plane, width, height, options.blur);
  const noise = texture('white');
  const rgb = Buffer.allocUnsafe(width * height * 3);
  const shift = (): number => Math.floor(random() * 512);
  const [x0, y0, x1, y1, x2, y2, x3, y3] = [
    shift(),
    shift(),
    shift(),
    shift(),
    shift(),
    shift(),
    shift(),
    shift(),
  ];
  let out = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const g = green[i] ?? 0;
      const amplitude = options.noise * Math.sqrt(0.02 + g);
      // Most of the noise is common to the channels; what is left colours it.
      const common = 0.85 * texel(noise, x + x0, y + y0);
      rgb[out++] = developed((red[i] ?? 0) + amplitude * (common + 0.5 * texel(noise, x + x1, y + y1)));
      rgb[out++] = developed(g + amplitude * (common + 0.4 * texel(noise, x + x2, y + y2)));
      rgb[out++] = developed((blue[i] ?? 0) + amplitude * (common + 0.6 * texel(noise, x + x3, y + y3)));
    }
  }
  return rgb;
}

function developed(intensity: number): number {
  const step = (intensity * 1023) / 1.25;
  return tone[step <= 0 ? 0 : step >= 1023 ? 1023 : step | 0] ?? 0;
}
