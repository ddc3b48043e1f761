import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

/** A JPEG of one colour. */
export const jpeg = (red: number, width = 24, height = 16): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: { r: red, g: 60, b: 30 } } })
    .jpeg({ quality: 95 })
    .toBuffer();

/** Puts a file into a folder as a camera would: written beside, then renamed. */
export async function drop(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(folder, `.${name}.part`);
  await writeFile(temporary, bytes);
  await rename(temporary, join(folder, name));
}
