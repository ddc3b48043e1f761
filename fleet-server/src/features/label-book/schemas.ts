import Type, { type Static } from 'typebox';
import { IdParams, Nullable, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

const requestId = Type.String({ minLength: 8, maxLength: 64, description: 'The same id twice changes once' });
const Definition = Type.String({ maxLength: 4000, description: 'What the class means, as plain text' });

export const exampleKinds = ['representative', 'counter', 'borderline'] as const;

/** A frame that shows what a class is: how it mostly looks, what looks like it and is not, and what only just is. */
export const BookExample = Type.Object({
  frameId: Type.String({ minLength: 1, maxLength: 64 }),
  kind: Type.Enum(exampleKinds),
  note: Type.String({ maxLength: 300 }),
});
export type BookExample = Static<typeof BookExample>;
export const mostExamples = 60;
const Examples = Type.Array(BookExample, { maxItems: mostExamples });

/** What the book says of a class, in one of its versions. Versions are only ever added. */
export const BookEntry = Type.Object({
  classId: Type.String(),
  version: Type.Integer({ minimum: 0, description: '0: nobody has written anything yet' }),
  definition: Definition,
  examples: Examples,
  change: Type.String({ description: 'What is new in this version, for people' }),
  author: Nullable(Type.String()),
  at: Nullable(Timestamp),
});
export type BookEntry = Static<typeof BookEntry>;

export const getLabelBook = defineRoute({
  method: 'GET',
  url: '/label-book',
  tag: 'classes',
  summary: 'What each class means, with examples, in the order of the classes',
  access: 'viewer',
  response: Type.Object({ items: Type.Array(BookEntry) }),
});
export const listBookVersions = defineRoute({
  method: 'GET',
  url: '/label-book/:id/versions',
  tag: 'classes',
  summary: 'Everything the book has said of a class, newest first',
  access: 'viewer',
  params: IdParams,
  response: Type.Object({ items: Type.Array(BookEntry) }),
});
export const writeBookEntry = defineRoute({
  method: 'PUT',
  url: '/label-book/:id',
  tag: 'classes',
  summary: 'Write the next version of what a class means',
  access: 'engineer',
  params: IdParams,
  body: Type.Object({
    requestId,
    basedOn: Type.Integer({ minimum: 0, description: 'Version that was looked at' }),
    definition: Definition,
    examples: Examples,
  }),
  response: BookEntry,
});
export const addBookExample = defineRoute({
  method: 'POST',
  url: '/label-book/:id/examples',
  tag: 'classes',
  summary: 'Put a frame into the book; one that is there already gets the kind and the note',
  access: 'engineer',
  status: 201,
  params: IdParams,
  body: Type.Object({
    requestId,
    frameId: BookExample.properties.frameId,
    kind: BookExample.properties.kind,
    note: Type.Optional(BookExample.properties.note),
  }),
  response: BookEntry,
});
