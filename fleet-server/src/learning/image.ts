import { LinesideError } from '@lineside/shared';
import sharp from 'sharp';

export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** uint8 [height, width, 3], RGB. */
  readonly rgb: Uint8Array;
}

/**
 * Decodes a picture the one way that cameras and trainer share: first page, no rotation by EXIF (a camera's buffer has
 * none), transparency over black, converted to 8-bit sRGB, three channels.
 * @throws LinesideError `image_unreadable`, also for a picture cut short.
 */
export async function decodeRgb(bytes: Uint8Array): Promise<RgbImage> {
  try {
    const { data, info } = await sharp(bytes, { failOn: 'error' })
      .flatten()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, rgb: threeChannels(data, info.channels) };
  } catch (error) {
    throw new LinesideError('image_unreadable', (error as Error).message, { cause: error });
  }
}

function threeChannels(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return data;
  const pixels = data.length / channels;
  const rgb = new Uint8Array(pixels * 3);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      rgb[3 * pixel + channel] = data[channels * pixel + (channels < 3 ? 0 : channel)] ?? 0;
    }
  }
  return rgb;
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
