import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errorCodes, errorTitle } from '@lineside/shared/errors';
import { sentences } from '@lineside/shared/sentences';
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

/** What server and devices say, and the console in the language of the person. */
const saidByOthers = [...Object.values(sentences), ...errorCodes.map((code) => errorTitle(code) ?? code)].map(
  (text) => ({ text, counted: 'no' as const }),
);

/** The catalogue of every language, compared with the texts in the sources. */
export async function catalogues(): Promise<CatalogueFile[]> {
  const shown = (await modules()).flatMap(({ file, source }) => textsIn(source, file));
  const texts = [...shown, ...saidByOthers];
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
