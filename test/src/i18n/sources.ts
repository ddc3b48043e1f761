import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../../console/src/', import.meta.url));

export const localesAt = join(root, 'i18n/locales');

export interface Module {
  /** From the sources of the console on. */
  file: string;
  source: string;
}

/** The modules of the console. */
export async function modules(): Promise<Module[]> {
  const files = (await readdir(root, { recursive: true }))
    .filter((file) => /\.tsx?$/.test(file) && !/\.(gen|d)\.ts$/.test(file))
    .sort();
  return Promise.all(files.map(async (file) => ({ file, source: await readFile(join(root, file), 'utf8') })));
}
