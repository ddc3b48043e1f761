import { LinesideError } from '../errors.js';
import { decodeBitmap, isBitmap } from './bitmap.js';
import type { PictureFormat } from './formats.js';

export interface Picture {
  readonly format: PictureFormat;
  /** pixels */
  readonly width: number;
  /** pixels */
  readonly height: number;
  /** uint8 [height, width, 3], RGB. */
  readonly rgb: Buffer;
}

/** What a server reads. */
export const mostPixels = 100e6;
/** What a camera box reads: a picture takes three bytes a pixel, and a few are decoded ahead. */
export const mostPixelsOnBox = 64e6;

const formats = new Set<string>(['jpeg', 'png', 'webp', 'tiff', 'gif'] satisfies PictureFormat[]);

/**
 * Decodes a picture the one way that cameras and trainer share: first page, no rotation by EXIF (a camera's buffer has
 * none), transparency over black, converted to 8-bit sRGB, three channels.
 * @throws LinesideError `image_unreadable`, also for a picture cut short; `image_unsupported`
 */
export async function decodePicture(bytes: Uint8Array, most = mostPixels): Promise<Picture> {
  try {
    if (isBitmap(bytes)) return { format: 'bmp', ...(await decodeBitmap(bytes, most)) };
    // Slow to load, and a camera's frames are never decoded.
    const { default: sharp } = await import('sharp');
    const image = sharp(bytes, { failOn: 'error', limitInputPixels: most, sequentialRead: true });
    const { format } = await image.metadata();
    if (!formats.has(format)) {
      throw new LinesideError(
        'image_unsupported',
        `Pictures are JPEG, PNG, WebP, BMP, TIFF or GIF, not ${format}.`,
      );
    }
    const { data, info } = await image
      .flatten({ background: '#000' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    return { format: format as PictureFormat, width, height, rgb: threeChannels(data, channels) };
  } catch (error) {
    if (error instanceof LinesideError) throw error;
    throw new LinesideError('image_unreadable', (error as Error).message, { cause: error });
  }
}

/** libvips keeps a grey picture grey even in sRGB. */
export function threeChannels(data: Buffer, channels: number): Buffer {
  if (channels === 3) return data;
  const pixels = data.length / channels;
  const rgb = Buffer.allocUnsafe(pixels * 3);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      rgb[3 * pixel + channel] = data[channels * pixel + (channels < 3 ? 0 : channel)] ?? 0;
    }
  }
  return rgb;
}
