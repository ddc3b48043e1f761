import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Beside `dist` in the package, so that they are served as they lie there. */
const folder = new URL('../../../../page/', import.meta.url);

const types = {
  'index.html': 'text/html; charset=utf-8',
  'app.css': 'text/css; charset=utf-8',
  'app.js': 'text/javascript; charset=utf-8',
  'setup.js': 'text/javascript; charset=utf-8',
  'words.js': 'text/javascript; charset=utf-8',
  'favicon.svg': 'image/svg+xml',
} as const;

export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
}

/** The page's own files by name; null: there is no such file. Only these can be asked for. */
export async function pageFile(name: string): Promise<PageFile | null> {
  if (!Object.hasOwn(types, name)) return null;
  const known = name as keyof typeof types;
  return { type: types[known], bytes: await readFile(fileURLToPath(new URL(known, folder))) };
}
