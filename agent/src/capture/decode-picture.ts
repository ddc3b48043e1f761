import { type ImageType, LinesideError } from '@lineside/shared';

export interface Picture {
  readonly type: ImageType;
  /** pixels */
  readonly width: number;
  /** pixels */
  readonly height: number;
  /** uint8 [height, width, 3], RGB. */
  readonly rgb: Buffer;
}

const types: Record<string, ImageType> = { jpeg: 'image/jpeg', png: 'image/png', webp: 'image/webp' };
const maxPixels = 64_000_000;

/**
 * Decodes a stored picture to the pixels a model is trained on and fed with: as stored (no EXIF rotation), alpha on
 * black, sRGB, 8 bit, three channels.
 * @throws LinesideError `image_unreadable` or `image_unsupported`
 */
export async function decodePicture(bytes: Uint8Array): Promise<Picture> {
  // Slow to load, and a camera's frames are never decoded.
  const { default: sharp } = await import('sharp');
  const image = sharp(bytes, { failOn: 'error', limitInputPixels: maxPixels, sequentialRead: true });
  try {
    const { format } = await image.metadata();
    const type = types[format];
    if (!type) throw new LinesideError('image_unsupported', `${format} is not JPEG, PNG or WebP`);
    const { data, info } = await image
      .flatten({ background: '#000' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { type, width: info.width, height: info.height, rgb: threeChannels(data, info.channels) };
  } catch (error) {
    if (error instanceof LinesideError) throw error;
    throw new LinesideError('image_unreadable', (error as Error).message, { cause: error });
  }
}

/** libvips keeps a grey picture grey even in sRGB. */
function threeChannels(data: Buffer, channels: number): Buffer {
  if (channels === 3) return data;
  const pixels = data.length / channels;
  const rgb = Buffer.allocUnsafe(pixels * 3);
  for (let i = 0; i < pixels; i++) {
    const value = data[i * channels] ?? 0;
    rgb[i * 3] = value;
    rgb[i * 3 + 1] = value;
    rgb[i * 3 + 2] = value;
  }
  return rgb;
}
