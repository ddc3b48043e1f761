import { readFile } from 'node:fs/promises';
import { decodePicture } from '@lineside/shared/pictures/decode-picture';
import sharp from 'sharp';
import type { HeatMapInput, HeatMapResult } from '../jobs/models.js';
import { openAnomalyModel } from './session.js';

/** Of the colour laid over the hottest places. */
const colour = { red: 255, green: 40, blue: 0 };
const mostOpaque = 0.7;
/** A usual place; nothing is laid over it. */
const usual = 1;
/** A place so many times above the limit is as hot as can be. */
const hottest = 1.5;

/**
 * The picture with its unusual places marked, as the model that ships sees them.
 * @throws LinesideError `image_unreadable`, `model_invalid`, `model_contract` for a model without a heat map
 */
export async function drawHeatMap(input: HeatMapInput): Promise<HeatMapResult> {
  const image = await decodePicture(await readFile(input.imagePath));
  const model = await openAnomalyModel(await readFile(input.modelPath), 1);
  try {
    const { score, heatMap } = await model.run(image);
    const { width, height } = image;
    const side = Math.sqrt(heatMap.length);
    const overlay = await sharp(overlayOf(heatMap, input.limit), {
      raw: { width: side, height: side, channels: 4 },
    })
      .resize({ width, height, fit: 'fill', kernel: 'cubic' })
      .png()
      .toBuffer();
    const png = await sharp(image.rgb, { raw: { width, height, channels: 3 } })
      .composite([{ input: overlay }])
      .removeAlpha()
      .png()
      .toBuffer();
    return { png: new Uint8Array(png), score };
  } finally {
    await model.release();
  }
}

/** uint8 [places, 4]: the hotter a place, the less shows through. */
function overlayOf(heatMap: Float32Array, limit: number): Uint8Array {
  const pixels = new Uint8Array(4 * heatMap.length);
  for (const [place, distance] of heatMap.entries()) {
    const heat = (distance - usual) / Math.max(hottest * limit - usual, 0.1);
    const opacity = mostOpaque * Math.min(1, Math.max(0, heat));
    pixels.set([colour.red, colour.green, colour.blue, Math.round(255 * opacity)], 4 * place);
  }
  return pixels;
}
