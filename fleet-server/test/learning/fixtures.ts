import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { type Backbone, ensureDefaultBackbone } from '../../src/learning/backbone/default-backbone.js';
import type { RgbImage } from '../../src/learning/image.js';
import type { TrainingFrame } from '../../src/learning/jobs/training.js';
import { seededRandom } from '../../src/learning/random.js';

export const textures = ['stripes', 'dots', 'cloud'] as const;
export type Texture = (typeof textures)[number];

/** A noisy surface of one kind; two seeds give two different pictures. */
export function drawTexture(kind: Texture, seed: number, width = 96, height = 80): RgbImage {
  const random = seededRandom(seed * 31 + textures.indexOf(kind));
  const period = 7 + random() * 4;
  const phase = random() * period;
  const base = 90 + random() * 60;
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const wave = (2 * Math.PI) / period;
      const pattern = {
        stripes: Math.sin((x + 0.3 * y + phase) * wave),
        dots: Math.sin((x + phase) * wave) * Math.sin((y + phase) * wave) > 0.5 ? 1.5 : -0.3,
        cloud: Math.sin(x / 40 + phase) + Math.cos(y / 35),
      }[kind];
      const value = base + 45 * pattern + 30 * (random() - 0.5);
      rgb.fill(Math.max(0, Math.min(255, value)), 3 * (y * width + x), 3 * (y * width + x) + 3);
    }
  }
  return { width, height, rgb };
}

export const encodePng = ({ width, height, rgb }: RgbImage): Promise<Buffer> =>
  sharp(rgb, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();

/** Writes one picture and describes it as a labelled frame in a group of its own. */
export async function writeFrame(
  folder: string,
  kind: Texture,
  seed: number,
  split: TrainingFrame['split'] = 'train',
): Promise<TrainingFrame> {
  await mkdir(folder, { recursive: true });
  const bytes = await encodePng(drawTexture(kind, seed));
  const path = join(folder, `${kind}-${seed}.png`);
  await writeFile(path, bytes);
  return {
    frameId: `${kind}-${seed}`,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    path,
    classId: kind,
    group: `${kind}-${seed}`,
    split,
  };
}

export const textureClasses = textures.map((id) => ({ id, name: `Surface with ${id}` }));

export const backboneIn = (folder: string): Promise<Backbone> => ensureDefaultBackbone(folder);

/** Normally distributed numbers (Box–Muller). */
export function normals(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
