import i18next from 'i18next';
import { useTranslation } from 'react-i18next';

interface Language {
  /** What the language calls itself. */
  name: string;
  /** How numbers, dates and times are written, as a BCP 47 tag. */
  format: string;
  /** English is the keys themselves and needs no file. */
  load?: () => Promise<{ default: Record<string, string> }>;
}

export const languages: Record<string, Language> = {
  en: { name: 'English', format: 'en-GB' },
  de: { name: 'Deutsch', format: 'de-DE', load: () => import('./locales/de.json') },
};

const remembered = 'lineside.language';

/** What the person chose here before, or the first language of the browser that there is. */
const wanted = (): string =>
  [localStorage.getItem(remembered), ...navigator.languages.map((tag) => tag.split('-')[0])].find(
    (code): code is string => typeof code === 'string' && Object.hasOwn(languages, code),
  ) ?? 'en';

async function speak(code: string): Promise<void> {
  const load = languages[code]?.load;
  if (load && !i18next.hasResourceBundle(code, 'translation'))
    i18next.addResourceBundle(code, 'translation', (await load()).default);
  await i18next.changeLanguage(code);
  document.documentElement.lang = code;
}

/** To await before the first page is drawn. Without its catalogue, the console stays English. */
export const startLanguage = (): Promise<void> => speak(wanted()).catch(() => undefined);

export async function chooseLanguage(code: string): Promise<void> {
  await speak(code);
  localStorage.setItem(remembered, code);
}

export const useLanguage = (): string => useTranslation().i18n.language;

/** The BCP 47 tag for `Intl`. */
export const formatTag = (): string => languages[i18next.language]?.format ?? 'en-GB';

export const speaksEnglish = (): boolean => i18next.language === 'en';
