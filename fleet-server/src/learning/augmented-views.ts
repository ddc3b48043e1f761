import { readFile } from 'node:fs/promises';
import { decodePicture } from '@lineside/shared/pictures/decode-picture';
import sharp from 'sharp';
import { augment, augmentationOf } from './finetune/augment.js';
import type { RgbImage } from './image.js';
import type { ViewsInput, ViewsResult } from './jobs/pictures.js';
import { seededRandom } from './random.js';

const columns = 4;
const rows = 2;
const gap = 6;
/** Longer side of a view, pixels. */
const side = 224;

/**
 * A sheet of eight views of a picture as fine-tuning may see it, the untouched one first. Strengths are shares of the picture
 * or of its range, so a smaller picture shows them as they are; only noise and blur look a little stronger.
 * @throws LinesideError `image_unreadable`
 */
export async function drawViews({ imagePath, changes, seed }: ViewsInput): Promise<ViewsResult> {
  const picture = await scaled(await decodePicture(await readFile(imagePath)));
  const settings = augmentationOf(changes);
  const { width, height } = picture;
  const views = Array.from({ length: columns * rows }, (_, view) => {
    const seen =
      view === 0 || !settings ? picture : augment(picture, settings, seededRandom(seed + 7919 * view));
    return {
      input: Buffer.from(seen.rgb.buffer, seen.rgb.byteOffset, seen.rgb.byteLength),
      raw: { width, height, channels: 3 as const },
      left: (view % columns) * (width + gap),
      top: Math.floor(view / columns) * (height + gap),
    };
  });
  const png = await sharp({
    create: {
      width: columns * (width + gap) - gap,
      height: rows * (height + gap) - gap,
      channels: 4,
      background: { r: 0, g: 0, b: 0, alpha: 0 },
    },
  })
    .composite(views)
    .png()
    .toBuffer();
  return { png: new Uint8Array(png) };
}

async function scaled({ width, height, rgb }: RgbImage): Promise<RgbImage> {
  const { data, info } = await sharp(rgb, { raw: { width, height, channels: 3 } })
    .resize({ width: side, height: side, fit: 'inside' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgb: new Uint8Array(data) };
}
