import { LinesideError } from '@lineside/shared';

type Token = { text: string } | { wild: 'one' | 'within' | 'across'; name?: string };

export type Captures = Readonly<Record<string, string>>;

const mostText = 1000;
const syntax = /\*\*|\*|\?|\{([A-Za-z][A-Za-z0-9_]{0,30})\}/g;

/**
 * A pattern that the whole of a text has to fit: `*` stands for anything but a slash, `**` for anything, `?` for one character
 * but a slash, `{name}` for at least one character but a slash, which is kept. Time is bounded by length of text × pattern,
 * unlike that of regular expressions.
 * @throws LinesideError `request_invalid` when a name is there twice
 */
export function parsePattern(pattern: string): (text: string) => Captures | null {
  const tokens: Token[] = [];
  const names = new Set<string>();
  let from = 0;
  for (const match of pattern.matchAll(syntax)) {
    if (match.index > from) tokens.push({ text: pattern.slice(from, match.index) });
    from = match.index + match[0].length;
    const name = match[1];
    if (name === undefined) {
      tokens.push({ wild: match[0] === '?' ? 'one' : match[0] === '*' ? 'within' : 'across' });
      continue;
    }
    if (names.has(name)) throw new LinesideError('request_invalid', `{${name}} is there twice.`);
    names.add(name);
    // At least one character, then more of them.
    tokens.push({ wild: 'one', name }, { wild: 'within', name });
  }
  if (from < pattern.length) tokens.push({ text: pattern.slice(from) });
  return (text) => (text.length > mostText ? null : match(tokens, text));
}

function match(tokens: readonly Token[], text: string): Captures | null {
  /** Places that were tried in vain: token × position. */
  const failed = new Set<number>();
  const starts: number[] = new Array(tokens.length + 1);
  const fits = (token: number, at: number): boolean => {
    starts[token] = at;
    if (token === tokens.length) return at === text.length;
    const key = token * (mostText + 1) + at;
    if (failed.has(key)) return false;
    const found = fitsHere(tokens[token]!, token, at);
    if (!found) failed.add(key);
    return found;
  };
  const fitsHere = (wanted: Token, token: number, at: number): boolean => {
    if ('text' in wanted) return text.startsWith(wanted.text, at) && fits(token + 1, at + wanted.text.length);
    const slashes = wanted.wild === 'across';
    if (wanted.wild === 'one') return at < text.length && text[at] !== '/' && fits(token + 1, at + 1);
    // The shortest first.
    for (let end = at; ; end++) {
      if (fits(token + 1, end)) {
        starts[token] = at;
        return true;
      }
      if (end >= text.length || (!slashes && text[end] === '/')) return false;
    }
  };
  if (!fits(0, 0)) return null;
  const captures: Record<string, string> = {};
  for (const [at, token] of tokens.entries()) {
    if ('text' in token || token.name === undefined) continue;
    captures[token.name] = `${captures[token.name] ?? ''}${text.slice(starts[at], starts[at + 1])}`;
  }
  return captures;
}

/** `{name}` in a template by what was kept. */
export const fillIn = (template: string, captures: Captures): string =>
  template.replace(/\{([A-Za-z][A-Za-z0-9_]{0,30})\}/g, (whole, name: string) => captures[name] ?? whole);
