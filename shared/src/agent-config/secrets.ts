import { LinesideError } from '../errors.js';

/** What stands for a password that is not shown. */
export const secretMask = '***';

/** `scheme://user:password@`, wherever in a text: a camera's address, a broker's, a pipeline's `location=`. */
const credentials = /([a-z][a-z0-9+.-]*:\/\/[^\s:@/"']*):([^\s@/"']+)@/gi;

const maskText = (text: string): string =>
  text.replace(credentials, (_all, before: string) => `${before}:${secretMask}@`);

function mapStrings(value: unknown, change: (text: string, path: string) => string, path = ''): unknown {
  if (typeof value === 'string') return change(value, path);
  if (Array.isArray(value)) return value.map((part, index) => mapStrings(part, change, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      mapStrings(part, change, path === '' ? key : `${path}.${key}`),
    ]),
  );
}

/** A copy of any settings in which passwords inside addresses are replaced by `***`. */
export const maskSecrets = <T>(settings: T): T => mapStrings(settings, maskText) as T;

/**
 * Puts passwords back where `settings` holds an address of `known` with its password masked. Only the same address gets
 * its password back: one that was changed could carry the password to another host.
 * @throws LinesideError `config_invalid`, naming the field, when a mask stands for nothing that is known
 */
export function unmaskSecrets<T>(settings: T, known: unknown): T {
  const byPath = new Map<string, string>();
  const byText = new Map<string, string>();
  mapStrings(known, (text, path) => {
    byPath.set(path, text);
    byText.set(maskText(text), text);
    return text;
  });
  return mapStrings(settings, (text, path) => {
    if (!text.includes(`:${secretMask}@`)) return text;
    const before = byPath.get(path);
    const found = before !== undefined && maskText(before) === text ? before : byText.get(text);
    if (found !== undefined && found !== text) return found;
    throw new LinesideError(
      'config_invalid',
      `${path} has ${secretMask} for a password that is not known for this address: write it out`,
    );
  }) as T;
}
