import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchBrowser } from '../system/browser.js';
import { startServer } from '../system/server.js';
import { shrink } from './compare.js';
import { storePictured } from './store.js';
import { takeAll } from './take.js';

/** Where the accepted pictures are. */
export const kept = fileURLToPath(new URL('../../../screenshots/', import.meta.url));

export const keptNames = async (): Promise<string[]> =>
  (await readdir(kept)).filter((name) => name.endsWith('.webp')).sort();

/** Takes a picture of every page on a server of its own, and hands each on as it would be kept. */
export async function pictures(each: (file: string, picture: Buffer) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'lineside-pictures-'));
  const dataDir = join(dir, 'server');
  await storePictured(dataDir);
  const server = await startServer({ dataDir });
  const browser = await launchBrowser();
  try {
    for await (const { name, png } of takeAll(browser, server))
      await each(`${name}.webp`, await shrink(png, name.endsWith('1280x800') ? 640 : 960));
  } finally {
    await browser.close();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
}
