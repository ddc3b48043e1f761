import type { ImageType } from '../protocol/frame.js';

export type PictureFormat = 'jpeg' | 'png' | 'webp' | 'bmp' | 'tiff' | 'gif';

const byExtension: Readonly<Record<string, PictureFormat>> = {
  jpg: 'jpeg',
  jpeg: 'jpeg',
  png: 'png',
  webp: 'webp',
  bmp: 'bmp',
  tif: 'tiff',
  tiff: 'tiff',
  gif: 'gif',
};

/** What a file's name says it is; null: no picture that can be read. */
export const formatOfName = (name: string): PictureFormat | null => {
  const extension = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(byExtension, extension) ? (byExtension[extension] ?? null) : null;
};

/** Formats that are sent and stored as they are; pictures of the others are read, and kept in one of these. */
export const storedAs: Readonly<Partial<Record<PictureFormat, ImageType>>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
};
