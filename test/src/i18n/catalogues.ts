import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Catalogue, catalogueOf } from './catalogue.js';
import { localesAt, modules } from './sources.js';
import { textsIn } from './texts.js';

interface CatalogueFile {
  language: string;
  path: string;
  /** As the file has it, and as the sources want it. */
  had: string;
  wanted: string;
  catalogue: Catalogue;
}

/** The catalogue of every language, compared with the texts in the sources. */
export async function catalogues(): Promise<CatalogueFile[]> {
  const texts = (await modules()).flatMap(({ file, source }) => textsIn(source, file));
  const files = (await readdir(localesAt)).filter((file) => file.endsWith('.json')).sort();
  return Promise.all(
    files.map(async (file) => {
      const path = join(localesAt, file);
      const language = basename(file, '.json');
      const had = await readFile(path, 'utf8');
      const catalogue = catalogueOf(texts, language, JSON.parse(had) as Catalogue);
      return { language, path, had, wanted: `${JSON.stringify(catalogue, null, 2)}\n`, catalogue };
    }),
  );
}
