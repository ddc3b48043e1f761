import Type, { type Static } from 'typebox';
import { defineRoute } from '../../http/route.js';

/** One thing a frame can be. The id is made from the name once and never changes; `position` is the digit key order. */
export const ClassItem = Type.Object({
  id: Type.String(),
  name: Type.String(),
  colour: Type.String({ pattern: '^#[0-9a-f]{6}$' }),
  position: Type.Integer({ minimum: 0 }),
  labels: Type.Integer({ description: 'Frames whose current label is this class' }),
});
export type ClassItem = Static<typeof ClassItem>;

export const listClasses = defineRoute({
  method: 'GET',
  url: '/classes',
  tag: 'classes',
  summary: 'The classes, in order',
  access: 'viewer',
  response: Type.Object({ items: Type.Array(ClassItem) }),
});
export const createClass = defineRoute({
  method: 'POST',
  url: '/classes',
  tag: 'classes',
  summary: 'Add a class',
  access: 'engineer',
  status: 201,
  body: Type.Object({
    name: Type.String({ minLength: 1, maxLength: 100 }),
    colour: Type.Optional(Type.String({ pattern: '^#[0-9a-f]{6}$' })),
  }),
  response: ClassItem,
});
