import { LinesideError } from '@lineside/shared';
import { decodePicture, mostPixels } from '@lineside/shared/pictures/decode-picture';
import { formatOfName, storedAs } from '@lineside/shared/pictures/formats';
import sharp from 'sharp';
import type { Blobs } from '../../services.js';
import { type ImageHeader, readImageHeader } from '../ingest/image-header.js';
import type { OpenArchive } from './archive.js';

const mostPictureBytes = 32 << 20;

export interface TakenPicture extends ImageHeader {
  sha256: string;
  bytes: number;
}

/**
 * Reads a picture of the archive, makes sure that all of it can be decoded, and stores it: JPEG, PNG and WebP as they
 * are, the others as PNG.
 * @throws LinesideError `archive_invalid`, `image_too_large`, `image_unreadable`, `image_misnamed`, `storage_*`
 */
export async function takePicture(archive: OpenArchive, blobs: Blobs, entry: string): Promise<TakenPicture> {
  const content = await archive.read(entry, mostPictureBytes);
  const format = formatOfName(entry);
  const type = format && storedAs[format];
  if (!type) return store(blobs, await asPng(content, format));
  const header = readImageHeader(content);
  if (type !== header.type) throw new LinesideError('image_misnamed', `It is ${header.type}.`);
  if (header.width * header.height > mostPixels) {
    throw new LinesideError('image_too_large', `It has ${header.width} × ${header.height} pixels.`);
  }
  try {
    await sharp(content, { failOn: 'error', limitInputPixels: mostPixels, sequentialRead: true })
      .resize(8, 8, { fit: 'fill', kernel: 'nearest', fastShrinkOnLoad: true })
      .raw()
      .toBuffer();
  } catch (error) {
    throw new LinesideError('image_unreadable', (error as Error).message, { cause: error });
  }
  return store(blobs, content, header);
}

async function asPng(content: Uint8Array, named: string | null): Promise<Buffer> {
  const { format, rgb, width, height } = await decodePicture(content);
  if (format !== named) throw new LinesideError('image_misnamed', `It is ${format}.`);
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

async function store(
  blobs: Blobs,
  content: Buffer,
  header = readImageHeader(content),
): Promise<TakenPicture> {
  const { sha256 } = await blobs.put(content);
  return { ...header, sha256, bytes: content.length };
}
