import Type, { type Static } from 'typebox';
import { Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

/** A frame whose label is certain; operators are asked about it without knowing. */
export const KnownAnswer = Type.Object({
  frameId: Type.String(),
  classId: Type.String(),
  markedBy: Type.String(),
  markedAt: Timestamp,
});
export type KnownAnswer = Static<typeof KnownAnswer>;

const frameIds = Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 500 });

export const listKnownAnswers = defineRoute({
  method: 'GET',
  url: '/known-answers',
  tag: 'label quality',
  summary: 'Frames whose answer is known, the newest mark first',
  access: 'engineer',
  response: Type.Object({ items: Type.Array(KnownAnswer) }),
});
export const markKnownAnswers = defineRoute({
  method: 'POST',
  url: '/known-answers',
  tag: 'label quality',
  summary:
    'Mark labelled frames as known answers, with the label they have; disputed ones and those without a class are left',
  access: 'engineer',
  body: Type.Object({ frameIds }),
  response: Type.Object({ marked: Type.Integer(), left: Type.Integer() }),
});
export const unmarkKnownAnswers = defineRoute({
  method: 'POST',
  url: '/known-answers/removal',
  tag: 'label quality',
  summary: 'Frames are no known answers any more; what people said of them is kept',
  access: 'engineer',
  body: Type.Object({ frameIds }),
  response: Type.Object({ removed: Type.Integer() }),
});
