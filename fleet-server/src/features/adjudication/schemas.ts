import Type, { type Static } from 'typebox';
import { Nullable } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';
import { Frame, LabelRevision } from '../frames/schemas.js';

export const Opinion = Type.Object({ ...LabelRevision.properties, name: Type.String() });

/** A frame that people disagree on. */
export const Dispute = Type.Object({
  frame: Frame,
  opinions: Type.Array(Opinion, { description: 'What each person says now, the first one first' }),
  model: Nullable(Type.Object({ classId: Type.String(), confidence: Type.Number() })),
});
export type Dispute = Static<typeof Dispute>;

export const Verdict = Type.Union([
  Type.Object({ kind: Type.Literal('class'), classId: Type.String() }),
  Type.Object({ kind: Type.Literal('unsure') }),
]);

const requestId = Type.String({ minLength: 8, maxLength: 64, description: 'The same id twice acts once' });

export const listDisputes = defineRoute({
  method: 'GET',
  url: '/adjudication',
  tag: 'label quality',
  summary: 'Frames that people disagree on, the oldest first',
  access: 'engineer',
  query: Type.Object({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50 })) }),
  response: Type.Object({ items: Type.Array(Dispute), total: Type.Integer() }),
});
export const decideDispute = defineRoute({
  method: 'POST',
  url: '/adjudication/decisions',
  tag: 'label quality',
  summary: 'Settle a disputed frame; the decision is its label',
  access: 'engineer',
  body: Type.Object({
    requestId,
    frameId: Type.String(),
    answer: Verdict,
    durationMs: Type.Optional(Type.Integer({ minimum: 0 })),
  }),
  response: LabelRevision,
});
export const undoDecision = defineRoute({
  method: 'POST',
  url: '/adjudication/undo',
  tag: 'label quality',
  summary: "Take back one's latest decision that still stands; the frame is disputed again",
  access: 'engineer',
  body: Type.Object({ requestId }),
  response: Type.Object({ frameId: Type.String() }),
});
