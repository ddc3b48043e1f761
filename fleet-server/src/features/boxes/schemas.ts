import Type, { type Static } from 'typebox';
import { IdParams, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

const Pixels = Type.Number({ minimum: -32768, maximum: 65536, description: 'pixels' });
const Length = Type.Number({ exclusiveMinimum: 0, maximum: 65536, description: 'pixels' });

/** In pixels of the picture, from its top left corner; may reach beyond its edges. */
export const FrameBox = Type.Object({
  classId: Type.String(),
  x: Pixels,
  y: Pixels,
  width: Length,
  height: Length,
});
export type FrameBox = Static<typeof FrameBox>;

export const BoxRevision = Type.Object({
  revision: Type.Integer({ minimum: 1 }),
  boxes: Type.Array(FrameBox),
  author: Type.String(),
  source: Type.Enum(['import', 'api', 'review', 'class_change']),
  at: Timestamp,
});
export type BoxRevision = Static<typeof BoxRevision>;

export const getBoxes = defineRoute({
  method: 'GET',
  url: '/frames/:id/boxes',
  tag: 'frames',
  summary:
    'The boxes of a frame, every revision, oldest first; the last one counts. None to an operator who is asked for a further opinion',
  access: 'viewer',
  params: IdParams,
  response: Type.Object({ revisions: Type.Array(BoxRevision) }),
});
export const setBoxes = defineRoute({
  method: 'PUT',
  url: '/frames/:id/boxes',
  tag: 'frames',
  summary: 'Add a revision with all boxes of a frame; none takes them all away',
  access: 'operator',
  params: IdParams,
  body: Type.Object({
    requestId: Type.String({ minLength: 8, maxLength: 64, description: 'The same id twice writes once' }),
    after: Type.Integer({ minimum: 0, description: 'Revision that was looked at; 0: none' }),
    boxes: Type.Array(FrameBox, { maxItems: 1000 }),
  }),
  response: BoxRevision,
});
