import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

/** A noisy dark or light picture, 64×64, as a JPEG. */
export function noisyPicture(light: boolean, random: () => number): Promise<Buffer> {
  const pixels = Buffer.from(
    Array.from({ length: 64 * 64 * 3 }, () => Math.floor((light ? 150 : 0) + random() * 100)),
  );
  return sharp(pixels, { raw: { width: 64, height: 64, channels: 3 } })
    .jpeg()
    .toBuffer();
}

/** Puts a file into a watched folder at once and whole. */
export async function dropFile(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, '..', `.${name}`);
  await writeFile(temporary, bytes);
  await rename(temporary, join(folder, name));
}

/** A camera that decides each file which appears in a folder once, and then deletes it. */
export const watchedFolder = (path: string) => ({
  id: 'cam',
  source: { kind: 'folder', path, mode: 'watch', afterwards: 'delete' },
});
