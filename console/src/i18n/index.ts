import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import en from './locales/en.json' with { type: 'json' };

/**
 * The English text is the key, so a page reads as what it shows and works before any catalogue is there.
 * `npm run i18n` finds the texts and keeps the catalogues (docs/translating.md).
 */
void i18next.use(initReactI18next).init({
  lng: 'en',
  fallbackLng: 'en',
  resources: { en: { translation: en } },
  keySeparator: false,
  nsSeparator: false,
  returnEmptyString: false,
  initAsync: false,
  interpolation: { escapeValue: false },
  react: { useSuspense: false },
});

/** A text in the language of the person. `{{name}}` in it takes `values.name`; `count` chooses the plural. */
export const t = (text: string, values: Record<string, unknown> = {}): string => i18next.t(text, values);

/** Marks a text of a constant for the catalogues. It stays English there: `t()` it where it is shown. */
export const phrase = <Text extends string>(text: Text): Text => text;

/** The same for every text in a map, at any depth. */
export const phrases = <const Texts extends object>(texts: Texts): Texts => texts;

/** What a field offers, with its labels in the language of the person. */
export const choices = <Value extends string>(
  offered: readonly { value: Value; label: string }[],
): { value: Value; label: string }[] => offered.map(({ value, label }) => ({ value, label: t(label) }));
