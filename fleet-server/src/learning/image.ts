import { threeChannels } from '@lineside/shared/pictures/decode-picture';
import sharp from 'sharp';

export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** uint8 [height, width, 3], RGB. */
  readonly rgb: Uint8Array;
}

/** The picture no longer than `longSide`, for frames that travel inside a model package. */
export async function shrink(image: RgbImage, longSide: number): Promise<RgbImage> {
  if (Math.max(image.width, image.height) <= longSide) return image;
  const { data, info } = await sharp(image.rgb, {
    raw: { width: image.width, height: image.height, channels: 3 },
  })
    .resize({ width: longSide, height: longSide, fit: 'inside' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgb: threeChannels(data, info.channels) };
}
