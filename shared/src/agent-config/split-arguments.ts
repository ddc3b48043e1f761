import { LinesideError } from '../errors.js';

/**
 * Splits a pipeline fragment into arguments as a shell would (blanks, quotes, backslash), without ever asking one:
 * variables, globs and redirections are ordinary text.
 * @throws LinesideError `config_invalid` when a quote is left open
 */
export function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let current = '';
  let started = false;
  let quote: '"' | "'" | null = null;
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === '\\' && quote !== "'" && i + 1 < text.length) {
      i += 1;
      current += text.charAt(i);
      started = true;
    } else if (quote) {
      if (character === quote) quote = null;
      else current += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      started = true;
    } else if (/\s/.test(character)) {
      if (started) parts.push(current);
      current = '';
      started = false;
    } else {
      current += character;
      started = true;
    }
  }
  if (quote) throw new LinesideError('config_invalid', `the quote ${quote} is not closed`);
  if (started) parts.push(current);
  return parts;
}
