import type { BookExample } from '../../api/types.js';

export type ExampleKind = BookExample['kind'];

/** In the order of the book. */
export const kinds: Readonly<Record<ExampleKind, { one: string; many: string; means: string }>> = {
  representative: { one: 'Representative', many: 'Looks like this', means: 'How the class mostly looks' },
  borderline: { one: 'Borderline', many: 'Only just', means: 'Only just belongs to the class' },
  counter: { one: 'Counter-example', many: 'Not this', means: 'Looks like the class, and is not' },
};
export const kindNames = Object.keys(kinds) as ExampleKind[];
