import type { CapturedFrame } from '../capture/source.js';
import { uploadPicture } from '../outputs/upload-picture.js';

/**
 * A frame as a JPEG, as good as fits.
 * @param maxWidth pixels; the height follows
 * @throws LinesideError `payload_too_large` when not even the smallest one fits
 */
export async function snapshotJpeg(
  frame: CapturedFrame,
  maxWidth: number,
  maxBytes: number,
): Promise<Uint8Array> {
  const { rgb, width, height } = frame;
  if (width <= maxWidth) return (await uploadPicture(frame, maxBytes)).image;
  const { default: sharp } = await import('sharp');
  const { data, info } = await sharp(rgb, { raw: { width, height, channels: 3 } })
    .resize(maxWidth)
    .raw()
    .toBuffer({ resolveWithObject: true });
  return (await uploadPicture({ rgb: data, width: info.width, height: info.height }, maxBytes)).image;
}
