import { type ImageType, LinesideError } from '@lineside/shared';
import type { CapturedFrame } from '../capture/source.js';

export interface UploadPicture {
  readonly imageType: ImageType;
  readonly image: Uint8Array;
}

/** Tried in this order until the picture fits: quality of the JPEG, share of the original width and height. */
const attempts: readonly { quality: number; scale: number }[] = [
  { quality: 92, scale: 1 },
  { quality: 80, scale: 1 },
  { quality: 65, scale: 1 },
  { quality: 75, scale: 0.5 },
  { quality: 60, scale: 0.25 },
  { quality: 50, scale: 0.125 },
];

/**
 * The picture of a flagged frame: the original JPEG if it fits, else a JPEG as good as fits.
 * @throws LinesideError `payload_too_large` when not even the smallest one fits
 */
export async function uploadPicture(
  frame: Pick<CapturedFrame, 'rgb' | 'width' | 'height' | 'jpeg'>,
  maxBytes: number,
): Promise<UploadPicture> {
  const { jpeg, width, height } = frame;
  if (jpeg && jpeg.length <= maxBytes) return { imageType: 'image/jpeg', image: jpeg };
  // Slow to load: a box decides before it encodes.
  const { default: sharp } = await import('sharp');
  for (const { quality, scale } of attempts) {
    let picture = sharp(frame.rgb, { raw: { width, height, channels: 3 } });
    if (scale < 1) picture = picture.resize(Math.max(1, Math.round(width * scale)));
    const image = await picture.jpeg({ quality, chromaSubsampling: '4:4:4' }).toBuffer();
    if (image.length <= maxBytes) return { imageType: 'image/jpeg', image };
  }
  throw new LinesideError(
    'payload_too_large',
    `a frame of ${width}×${height} does not fit into ${maxBytes} bytes`,
  );
}
