import Type, { type Static } from 'typebox';
import { IdParams, Nullable, Page, PageQuery, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

export const leakCheckStates = ['queued', 'running', 'done', 'failed', 'cancelled'] as const;
export type LeakCheckState = (typeof leakCheckStates)[number];
export const leakKinds = ['copy', 'group', 'near'] as const;
export type LeakKind = (typeof leakKinds)[number];

export const LeaksFound = Type.Object(
  {
    copy: Type.Integer({ description: 'Test frames whose picture is a training picture, byte for byte' }),
    group: Type.Integer({ description: 'Other test frames with training frames of their group' }),
    near: Type.Integer({ description: 'Other test frames that look nearly the same as a training frame' }),
  },
  { description: 'Test frames, each counted once' },
);
export type LeaksFound = Static<typeof LeaksFound>;

export const LeakCheck = Type.Object({
  datasetId: Type.String(),
  state: Type.Enum(leakCheckStates),
  progress: Nullable(Type.Number({ minimum: 0, maximum: 1 })),
  requestedBy: Type.String(),
  requestedAt: Timestamp,
  finishedAt: Nullable(Timestamp),
  found: Nullable(LeaksFound),
  compared: Type.Integer({ description: 'Frames compared by their pictures' }),
  message: Nullable(Type.String({ description: 'Why it failed' })),
});
export type LeakCheck = Static<typeof LeakCheck>;

export const listLeakChecks = defineRoute({
  method: 'GET',
  url: '/datasets/leaks',
  tag: 'datasets',
  summary: 'What is known of each dataset version about the same thing lying on both sides of its split',
  access: 'viewer',
  response: Type.Object({ items: Type.Array(LeakCheck) }),
});
export const startLeakCheck = defineRoute({
  method: 'POST',
  url: '/datasets/:id/leaks',
  tag: 'datasets',
  summary: 'Look a dataset version through for leaks again; goes on by itself, as after every snapshot',
  access: 'engineer',
  status: 202,
  params: IdParams,
  response: LeakCheck,
});
export const cancelLeakCheck = defineRoute({
  method: 'DELETE',
  url: '/datasets/:id/leaks',
  tag: 'datasets',
  summary: 'Stop looking; what was found before stays',
  access: 'engineer',
  params: IdParams,
  response: LeakCheck,
});

const LeakFrame = Type.Object({
  frameId: Type.String(),
  classId: Type.String(),
  deviceName: Type.String(),
  capturedAt: Timestamp,
});
export const LeakPair = Type.Object({
  rank: Type.Integer({ minimum: 0 }),
  kind: Type.Enum(leakKinds),
  similarity: Nullable(
    Type.Number({ description: 'Of the pictures, 1 of the same ones; null: of one group, and not compared' }),
  ),
  test: LeakFrame,
  train: LeakFrame,
  linked: Type.Boolean({ description: 'A person put them into one group since' }),
});
export type LeakPair = Static<typeof LeakPair>;

export const listLeakPairs = defineRoute({
  method: 'GET',
  url: '/datasets/:id/leaks/pairs',
  tag: 'datasets',
  summary: 'Test frames, each beside the training frame most like it; the plainest pairs first',
  access: 'viewer',
  params: IdParams,
  query: Type.Object({ ...PageQuery, kind: Type.Optional(Type.Enum(leakKinds)) }),
  response: Page(LeakPair),
});

const frameIds = Type.Array(Type.String({ maxLength: 64 }), { minItems: 2, maxItems: 500 });
export const linkFrames = defineRoute({
  method: 'POST',
  url: '/group-links',
  tag: 'datasets',
  summary:
    'Say that frames show the same part: from the next snapshot on they are on one side of every split',
  access: 'engineer',
  body: Type.Object({ frameIds }),
  response: Type.Object({ linked: Type.Integer({ description: 'New links' }) }),
});
export const unlinkFrames = defineRoute({
  method: 'POST',
  url: '/group-links/removal',
  tag: 'datasets',
  summary: 'Take back what was said of frames of this list among each other',
  access: 'engineer',
  body: Type.Object({ frameIds }),
  response: Type.Object({ removed: Type.Integer() }),
});
