import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, rename } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Picture } from './dataset.js';

/** The part of a staged name that carries the group, for the agent's `groupPattern`. */
export const groupPattern = '^(g[0-9a-f]{12})__';

/**
 * A file name that tells nothing of the class: the system under test must not see the truth.
 * The same picture has the same name in every arm.
 */
export function opaqueName(picture: Picture, seed: number): string {
  const hash = (text: string) => createHash('sha256').update(`${seed}:${text}`).digest('hex').slice(0, 12);
  return `g${hash(picture.group)}__${hash(picture.path)}${extname(picture.path).toLowerCase()}`;
}

/** Drops a picture into a watched folder as a camera would: written beside, then renamed in. */
export async function dropInto(
  folder: string,
  staging: string,
  picture: Picture,
  name: string,
): Promise<void> {
  await mkdir(staging, { recursive: true });
  await mkdir(folder, { recursive: true });
  const temporary = join(staging, name);
  await copyFile(picture.path, temporary);
  await rename(temporary, join(folder, name));
}

/** Names of the files in a watched folder that the agent has set aside as no pictures. */
export const setAside = (folder: string): Promise<string[]> => readdir(join(folder, 'bad')).catch(() => []);
