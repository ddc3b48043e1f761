import type { BookExample } from '../../api/types.js';
import { phrase } from '../../i18n/index.js';

export type ExampleKind = BookExample['kind'];

/** In the order of the book. */
export const kinds: Readonly<Record<ExampleKind, { one: string; many: string; means: string }>> = {
  representative: {
    one: phrase('Representative'),
    many: phrase('Looks like this'),
    means: phrase('How the class mostly looks'),
  },
  borderline: {
    one: phrase('Borderline'),
    many: phrase('Only just'),
    means: phrase('Only just belongs to the class'),
  },
  counter: {
    one: phrase('Counter-example'),
    many: phrase('Not this'),
    means: phrase('Looks like the class, and is not'),
  },
};
export const kindNames = Object.keys(kinds) as ExampleKind[];
