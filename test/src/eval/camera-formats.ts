import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { decode } from 'bmp-ts';
import sharp from 'sharp';

type Convert = (bytes: Buffer) => Promise<Buffer>;

const asTheyAre = new Set(['.jpg', '.jpeg', '.png', '.webp']);
const toPng: Convert = (bytes) => sharp(bytes).toColourspace('srgb').png().toBuffer();
const converters = new Map<string, Convert>([
  ['.tif', toPng],
  ['.tiff', toPng],
  ['.gif', toPng],
  ['.bmp', bmpToPng],
]);

const extensionOf = (path: string): string => extname(path).toLowerCase();

export const isPicture = (path: string): boolean =>
  asTheyAre.has(extensionOf(path)) || converters.has(extensionOf(path));

/** The extension under which a camera stores the picture. */
export const storedExtension = (path: string): string =>
  asTheyAre.has(extensionOf(path)) ? extensionOf(path) : '.png';

/**
 * A picture as a camera stores it: JPEG, PNG and WebP as they are, the others as PNG of 8 bits.
 * What cannot be converted stays as it is, so that the device says what is wrong with it.
 */
export async function readStored(path: string): Promise<Buffer> {
  const bytes = await readFile(path);
  const convert = converters.get(extensionOf(path));
  return convert ? convert(bytes).catch(() => bytes) : bytes;
}

async function bmpToPng(bytes: Buffer): Promise<Buffer> {
  const { data, width, height } = decode(bytes, { toRGBA: true });
  // Where a bitmap has no alpha, the decoder fills it with zeros.
  return sharp(data, { raw: { width, height, channels: 4 } })
    .removeAlpha()
    .png()
    .toBuffer();
}
