import type { Text } from './texts.js';

/** Text to translation; `''` where there is none yet. */
export type Catalogue = Record<string, string>;

function keysOf({ text, counted }: Text, language: string): string[] {
  if (counted === 'no') return [text];
  const { pluralCategories } = new Intl.PluralRules(language, { type: counted }).resolvedOptions();
  return pluralCategories.map((form) => `${text}_${counted === 'ordinal' ? 'ordinal_' : ''}${form}`);
}

/** The catalogue of a language for these texts: what it had is kept, what is no longer shown goes, in order. */
export function catalogueOf(texts: Text[], language: string, had: Catalogue): Catalogue {
  const entries = texts.flatMap((each) =>
    keysOf(each, language).map((key) => [key, had[key] ?? (language === 'en' ? each.text : '')] as const),
  );
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** `one` may say the count in words. */
const holes = (text: string): string =>
  [...text.matchAll(/\{\{\s*(\w+)|<\/?(\w+)\/?>/g)]
    .map(([, name, tag]) => name ?? tag)
    .filter((name) => name !== 'count')
    .sort()
    .join();

/** Keys whose translation is missing, or has other placeholders or tags than the text. */
export const unfinished = (catalogue: Catalogue): string[] =>
  Object.entries(catalogue)
    .filter(([key, value]) => value === '' || holes(key) !== holes(value))
    .map(([key]) => key);
