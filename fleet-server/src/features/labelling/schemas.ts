import Type, { type Static } from 'typebox';
import { Nothing, Nullable, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';
import { FrameBox } from '../boxes/schemas.js';
import { Frame, LabelRevision } from '../frames/schemas.js';

/** A frame lent to one reviewer. `token` is a fencing token: an answer with an older one becomes a second opinion. */
export const ReviewItem = Type.Object({
  frame: Frame,
  prelabel: Nullable(Type.Object({ classId: Type.String(), confidence: Type.Number() })),
  boxes: Type.Array(FrameBox, { description: 'Those the frame has; none for a further opinion' }),
  reason: Type.String({ description: 'Why this frame comes now, for people' }),
  score: Type.Number(),
  token: Type.Integer(),
  leaseExpiresAt: Timestamp,
});
export type ReviewItem = Static<typeof ReviewItem>;

export const Answer = Type.Union([
  Type.Object({ kind: Type.Literal('class'), classId: Type.String() }),
  Type.Object({ kind: Type.Literal('unsure') }),
  Type.Object({ kind: Type.Literal('skip') }),
]);
export type Answer = Static<typeof Answer>;

export const leaseFrames = defineRoute({
  method: 'POST',
  url: '/review/leases',
  tag: 'review',
  summary: 'Take the next frames of the queue; frames one already holds come first',
  access: 'operator',
  body: Type.Object({ count: Type.Integer({ minimum: 1, maximum: 100 }) }),
  response: Type.Object({
    items: Type.Array(ReviewItem),
    queued: Type.Integer({ description: 'Left in the queue' }),
  }),
});
export const renewLeases = defineRoute({
  method: 'POST',
  url: '/review/heartbeat',
  tag: 'review',
  summary: 'Keep the leases one holds; those that were lost are named',
  access: 'operator',
  body: Type.Object({
    leases: Type.Array(Type.Object({ frameId: Type.String(), token: Type.Integer() }), { maxItems: 100 }),
  }),
  response: Type.Object({ lost: Type.Array(Type.String()), leaseExpiresAt: Timestamp }),
});
export const answerFrame = defineRoute({
  method: 'POST',
  url: '/review/answers',
  tag: 'review',
  summary: 'Answer a leased frame',
  access: 'operator',
  body: Type.Object({
    requestId: Type.String({ minLength: 8, maxLength: 64, description: 'The same id twice answers once' }),
    frameId: Type.String(),
    token: Type.Integer(),
    answer: Answer,
    boxes: Type.Optional(
      Type.Array(FrameBox, {
        maxItems: 1000,
        description:
          'All boxes of the frame as the person leaves them; absent: as they were. Beside the label they are kept with the answer',
      }),
    ),
    durationMs: Type.Optional(Type.Integer({ minimum: 0 })),
  }),
  response: Type.Object({
    label: LabelRevision,
    secondOpinion: Type.Boolean({
      description: 'The lease had passed to someone else by then; the answer is kept beside',
    }),
  }),
});
export const undoAnswer = defineRoute({
  method: 'POST',
  url: '/review/undo',
  tag: 'review',
  summary: "Take back one's latest answer that still stands; the frame is leased to the caller again",
  access: 'operator',
  body: Type.Object({ requestId: Type.String({ minLength: 8, maxLength: 64 }) }),
  response: Type.Object({ item: ReviewItem }),
});
export const reviewStats = defineRoute({
  method: 'GET',
  url: '/review/stats',
  tag: 'review',
  summary: 'Queue length and today’s work',
  access: 'viewer',
  response: Type.Object({
    queued: Type.Integer(),
    leased: Type.Integer(),
    answered: Type.Integer(),
    mineToday: Type.Integer(),
    disputed: Type.Integer({ description: 'Frames that people disagree on' }),
    perHour: Nullable(
      Type.Number({
        description: 'One’s answers in an hour of today’s work, pauses above a minute left out',
      }),
    ),
    taught: Nullable(
      Type.Object({
        dataset: Type.Integer({
          description: 'Number of the newest dataset version with labels of one’s today',
        }),
        labels: Type.Integer({ description: 'How many of them' }),
        model: Nullable(Type.String({ description: 'Newest model made from it' })),
      }),
    ),
    labelsSinceLastTraining: Type.Integer(),
    order: Type.Object({
      state: Type.Union([Type.Literal('fresh'), Type.Literal('stale'), Type.Literal('running')]),
      orderedAt: Nullable(Timestamp),
      method: Nullable(Type.String()),
    }),
  }),
});
export const orderQueue = defineRoute({
  method: 'POST',
  url: '/review/order',
  tag: 'review',
  summary: 'Order the queue again now; answers when it is done',
  access: 'operator',
  body: Nothing,
  response: Type.Object({ ordered: Type.Integer(), method: Type.String() }),
});
