import { sentences } from '@lineside/shared/sentences';
import { t } from '../i18n/index.js';

/** Values that are sentences themselves. The others are names and figures and stay as they are. */
const spoken = new Set(['allowed', 'before', 'devices', 'fit', 'frames']);

interface Shape {
  text: string;
  names: string[];
  pattern: RegExp;
}

const shapeOf = (text: string): Shape => {
  const names = [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name ?? '');
  const fixed = text.split(/\{\{\w+\}\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return { text, names, pattern: new RegExp(`^${fixed.join('(.*?)')}$`) };
};

const fixedLength = ({ text }: Shape): number => text.replace(/\{\{\w+\}\}/g, '').length;
/** What says most comes first: it may hold what says less. */
const shapes = Object.values(sentences)
  .map(shapeOf)
  .sort((a, b) => fixedLength(b) - fixedLength(a));

/** A sentence of the server or a device in the language of the person; what is not known stays as it was said. */
export function said(sentence: string): string {
  for (const { text, names, pattern } of shapes) {
    const found = pattern.exec(sentence);
    if (!found) continue;
    const values = names.map((name, at) => {
      const value = found[at + 1] ?? '';
      return [name, spoken.has(name) ? said(value) : value] as const;
    });
    return t(text, Object.fromEntries(values));
  }
  const colon = sentence.indexOf(': ');
  if (colon < 0) return sentence;
  return `${said(sentence.slice(0, colon))}: ${said(sentence.slice(colon + 2))}`;
}
