import { isDeepStrictEqual } from 'node:util';
import type { BookEntry, BookExample } from './schemas.js';

type Content = Pick<BookEntry, 'definition' | 'examples'>;

const counted = (many: number, done: string): string[] =>
  many === 0 ? [] : [`${many} ${many === 1 ? 'example' : 'examples'} ${done}`];

/** What is new, in words; empty when nothing is. */
export function differenceOf(before: Content, after: Content): string {
  const old = new Map(before.examples.map((each) => [each.frameId, each]));
  const kept = after.examples.filter(({ frameId }) => old.has(frameId));
  const changed = kept.filter((each) => !isDeepStrictEqual(old.get(each.frameId), each));
  const orderOf = (examples: readonly BookExample[]) => examples.map(({ frameId }) => frameId);
  const parts = [
    ...(before.definition === after.definition
      ? []
      : [before.definition === '' ? 'definition written' : 'definition changed']),
    ...counted(after.examples.length - kept.length, 'added'),
    ...counted(changed.length, 'changed'),
    ...counted(before.examples.length - kept.length, 'taken out'),
  ];
  if (parts.length === 0 && !isDeepStrictEqual(orderOf(before.examples), orderOf(after.examples))) {
    parts.push('examples in another order');
  }
  return parts.join(', ');
}
