import { LinesideError } from '@lineside/shared';
import sharp from 'sharp';
import type { Blobs } from '../../services.js';
import { type ImageHeader, readImageHeader } from '../ingest/image-header.js';
import type { OpenArchive } from './archive.js';
import { extensionOf } from './formats/picture-index.js';

const mostPictureBytes = 32 << 20;
const mostPixels = 100e6;
const types: Record<string, string> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
};

export interface TakenPicture extends ImageHeader {
  sha256: string;
  bytes: number;
}

/**
 * Reads a picture of the archive, makes sure that all of it can be decoded, and stores it.
 * @throws LinesideError `archive_invalid`, `image_too_large`, `image_unreadable`, `image_misnamed`, `storage_*`
 */
export async function takePicture(archive: OpenArchive, blobs: Blobs, entry: string): Promise<TakenPicture> {
  const content = await archive.read(entry, mostPictureBytes);
  const header = readImageHeader(content);
  if (types[extensionOf(entry)] !== header.type) {
    throw new LinesideError('image_misnamed', `It is ${header.type}.`);
  }
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
  const { sha256 } = await blobs.put(content);
  return { ...header, sha256, bytes: content.length };
}
