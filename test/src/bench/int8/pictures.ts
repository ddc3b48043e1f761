import type { RgbImage } from '@lineside/fleet-server/learning/image';
import { seededRandom } from '@lineside/fleet-server/learning/random';

export const pictureClasses = 4;

/** A noisy surface of waves whose direction and length tell its class. */
export function drawSurface(label: number, seed: number, size: number): RgbImage {
  const random = seededRandom(seed * pictureClasses + label);
  const angle = (Math.PI * (label + 0.6 * random())) / pictureClasses;
  const period = 6 + 3 * label + 2 * random();
  const [along, across] = [Math.cos(angle), Math.sin(angle)].map((part) => (2 * Math.PI * part) / period);
  const phase = 2 * Math.PI * random();
  const base = 80 + 80 * random();
  const rgb = new Uint8Array(size * size * 3);
  for (let pixel = 0; pixel < size * size; pixel++) {
    const x = pixel % size;
    const y = Math.floor(pixel / size);
    const value = base + 40 * Math.sin(x * along! + y * across! + phase) + 50 * (random() - 0.5);
    for (let channel = 0; channel < 3; channel++)
      rgb[3 * pixel + channel] = Math.max(0, Math.min(255, value));
  }
  return { width: size, height: size, rgb };
}
