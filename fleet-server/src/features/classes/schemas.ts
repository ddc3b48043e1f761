import Type, { type Static } from 'typebox';
import { IdParams, Nullable, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

const Name = Type.String({ minLength: 1, maxLength: 100 });
const Colour = Type.String({ pattern: '^#[0-9a-f]{6}$' });
const requestId = Type.String({ minLength: 8, maxLength: 64, description: 'The same id twice changes once' });

/** One thing a frame can be. The id is made from the name once and never changes; `position` is the digit key order. */
export const ClassItem = Type.Object({
  id: Type.String(),
  name: Type.String(),
  colour: Colour,
  position: Type.Integer({ minimum: 0 }),
  labels: Type.Integer({ description: 'Frames whose current label is this class' }),
  formerNames: Type.Array(Type.String(), { description: 'What it was called before' }),
});
export type ClassItem = Static<typeof ClassItem>;

export const OutdatedClass = Type.Object({
  id: Type.String(),
  name: Type.String({ description: 'What the model calls it' }),
  became: Type.Enum(['renamed', 'merged', 'split']),
  now: Nullable(Type.String({ description: 'Name of the class that it is now; null: it was split' })),
});
export type OutdatedClass = Static<typeof OutdatedClass>;

export const ClassList = Type.Object({
  items: Type.Array(ClassItem),
  retired: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      colour: Colour,
      mergedInto: Nullable(Type.String({ description: 'Class that stands for it now; null: it was split' })),
    }),
    { description: 'Classes of before, which old dataset versions and models name' },
  ),
  outdated: Nullable(
    Type.Object(
      { modelVersion: Type.String(), classes: Type.Array(OutdatedClass) },
      { description: 'Classes that the champion knows by what they were; null: there is no champion' },
    ),
  ),
});
export type ClassList = Static<typeof ClassList>;

export const ClassEffects = Type.Object({
  frames: Type.Integer({
    description: 'Labelled with it: they follow a merge, and wait for a label again after a split',
  }),
  boxes: Type.Integer({
    description: 'Frames with boxes of it: they follow a merge, and stay as they are after a split',
  }),
  devices: Type.Array(Type.Object({ id: Type.String(), name: Type.String() }), {
    description: 'Whose outputs name it, for a person to look at',
  }),
});
export type ClassEffects = Static<typeof ClassEffects>;

export const ClassChange = Type.Object({
  id: Type.String(),
  kind: Type.Enum(['create', 'rename', 'merge', 'split', 'undo']),
  classId: Type.String(),
  into: Type.Array(Type.String(), { description: 'Ids of the classes that it became' }),
  summary: Type.String(),
  frames: Type.Integer({ description: 'Whose label it changed' }),
  author: Type.String(),
  at: Timestamp,
  undone: Type.Boolean(),
  settled: Nullable(Type.String({ description: 'Why it cannot be undone; null: it can' })),
});
export type ClassChange = Static<typeof ClassChange>;

export const listClasses = defineRoute({
  method: 'GET',
  url: '/classes',
  tag: 'classes',
  summary: 'The classes, in order, and what became of those that were merged or split',
  access: 'viewer',
  response: ClassList,
});
export const createClass = defineRoute({
  method: 'POST',
  url: '/classes',
  tag: 'classes',
  summary: 'Add a class',
  access: 'engineer',
  status: 201,
  body: Type.Object({
    name: Name,
    colour: Type.Optional(Colour),
    requestId: Type.Optional(requestId),
  }),
  response: ClassItem,
});
export const classEffects = defineRoute({
  method: 'GET',
  url: '/classes/:id/effects',
  tag: 'classes',
  summary: 'What merging or splitting a class would touch; nothing is written',
  access: 'viewer',
  params: IdParams,
  response: ClassEffects,
});
export const renameClass = defineRoute({
  method: 'POST',
  url: '/classes/:id/rename',
  tag: 'classes',
  summary: 'Give a class another name; labels follow, dataset versions and models keep the old one',
  access: 'engineer',
  params: IdParams,
  body: Type.Object({ requestId, name: Name }),
  response: ClassChange,
});
export const mergeClass = defineRoute({
  method: 'POST',
  url: '/classes/:id/merge',
  tag: 'classes',
  summary: 'Merge a class into another: its frames and boxes get the other one',
  access: 'engineer',
  params: IdParams,
  body: Type.Object({ requestId, into: Type.String({ minLength: 1, maxLength: 64 }) }),
  response: ClassChange,
});
export const splitClass = defineRoute({
  method: 'POST',
  url: '/classes/:id/split',
  tag: 'classes',
  summary: 'Split a class into new ones: its frames wait in the review queue, to be labelled anew',
  access: 'engineer',
  params: IdParams,
  body: Type.Object({ requestId, into: Type.Array(Name, { minItems: 2, maxItems: 8 }) }),
  response: ClassChange,
});
export const listClassChanges = defineRoute({
  method: 'GET',
  url: '/class-changes',
  tag: 'classes',
  summary: 'What was done to the classes, newest first',
  access: 'viewer',
  response: Type.Object({ items: Type.Array(ClassChange) }),
});
export const undoClassChange = defineRoute({
  method: 'POST',
  url: '/class-changes/:id/undo',
  tag: 'classes',
  summary: 'Take back a merge, or a split of which nothing has been labelled yet',
  access: 'engineer',
  params: IdParams,
  body: Type.Object({ requestId }),
  response: ClassChange,
});
