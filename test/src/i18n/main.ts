import { writeFile } from 'node:fs/promises';
import { unfinished } from './catalogue.js';
import { catalogues } from './catalogues.js';

/** Brings the catalogues of the console up to its sources, and says what is left to translate. */
for (const { language, path, wanted, had, catalogue } of await catalogues()) {
  if (wanted !== had) await writeFile(path, wanted);
  const left = unfinished(catalogue);
  const all = Object.keys(catalogue).length;
  console.log(`${language}: ${all} texts, ${language === 'en' ? 0 : left.length} to translate`);
  if (language !== 'en') for (const key of left) console.log(`  ${key}`);
}
