import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { alike } from './compare.js';
import { kept, keptNames, pictures } from './pictures.js';

/** Keeps the pages as they look now. A picture that looks as the kept one does stays, so that a change shows in review. */
await mkdir(kept, { recursive: true });
const left = new Set(await keptNames());
await pictures(async (file, picture) => {
  const had = left.delete(file) ? await readFile(join(kept, file)) : null;
  if (had && (await alike(had, picture))) return;
  await writeFile(join(kept, file), picture);
  console.log(`${had ? 'changed' : 'new'}: ${file}`);
});
for (const file of left) {
  await rm(join(kept, file));
  console.log(`gone: ${file}`);
}
