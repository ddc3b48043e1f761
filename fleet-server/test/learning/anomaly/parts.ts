import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RgbImage } from '../../../src/learning/image.js';
import type { TrainingFrame } from '../../../src/learning/jobs/training.js';
import { seededRandom } from '../../../src/learning/random.js';
import { encodePng } from '../fixtures.js';

const side = 96;

/** A bright disc on a noisy ground, shifted and lit a little differently each time; a defect is a dark spot of six pixels at a random place in it. */
export function drawPart(seed: number, defect = false): RgbImage {
  const random = seededRandom(seed * 17 + 3);
  const centre = { x: side / 2 + 2 * random(), y: side / 2 + 2 * random() };
  const angle = 2 * Math.PI * random();
  const light = 20 * (random() - 0.5);
  const spot = { x: centre.x + 18 * Math.cos(angle), y: centre.y + 18 * Math.sin(angle) };
  const rgb = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const inside = Math.hypot(x - centre.x, y - centre.y) < 32;
      const spoilt = defect && Math.hypot(x - spot.x, y - spot.y) < 6;
      const value = light + (spoilt ? 30 : inside ? 180 : 70) + 20 * (random() - 0.5);
      rgb.fill(value, 3 * (y * side + x), 3 * (y * side + x) + 3);
    }
  }
  return { width: side, height: side, rgb };
}

/** Writes one part and describes it as a labelled frame, in a group of its own unless one is given. */
export async function writePart(
  folder: string,
  seed: number,
  classId: 'good' | 'spot',
  rest: Partial<Pick<TrainingFrame, 'split' | 'group'>> = {},
): Promise<TrainingFrame> {
  await mkdir(folder, { recursive: true });
  const bytes = await encodePng(drawPart(seed, classId === 'spot'));
  const path = join(folder, `${classId}-${seed}.png`);
  await writeFile(path, bytes);
  return {
    frameId: `${classId}-${seed}`,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    path,
    classId,
    group: `${classId}-${seed}`,
    split: 'train',
    ...rest,
  };
}
