import Type, { type Static } from 'typebox';
import { Nothing, Nullable, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

export const Inspection = Type.Object({
  state: Type.Enum(['never', 'running', 'done', 'failed'] as const),
  progress: Nullable(Type.Number({ minimum: 0, maximum: 1 })),
  message: Nullable(Type.String({ description: 'Why it failed' })),
  last: Nullable(
    Type.Object({
      at: Timestamp,
      by: Type.String(),
      frames: Type.Integer({ description: 'Looked at' }),
      leftOut: Type.Integer({ description: 'Without an embedding in the common space, or beyond the most' }),
      mislabelled: Type.Integer({ description: 'Labels in doubt, as of now' }),
      outliers: Type.Integer(),
      duplicates: Type.Integer(),
      clusters: Type.Integer(),
    }),
  ),
});
export type Inspection = Static<typeof Inspection>;

export const getInspection = defineRoute({
  method: 'GET',
  url: '/explorer/inspection',
  tag: 'explorer',
  summary: 'When the frames were last looked through for wrong labels, outliers, duplicates and look-alikes',
  access: 'viewer',
  response: Inspection,
});
export const startInspection = defineRoute({
  method: 'POST',
  url: '/explorer/inspection',
  tag: 'explorer',
  summary: 'Look the frames through; goes on by itself. Asked for again while it runs, nothing more happens',
  access: 'operator',
  status: 202,
  body: Nothing,
  response: Inspection,
});
export const cancelInspection = defineRoute({
  method: 'DELETE',
  url: '/explorer/inspection',
  tag: 'explorer',
  summary: 'Stop looking; what was found before stays',
  access: 'operator',
  response: Inspection,
});
export const getMap = defineRoute({
  method: 'GET',
  url: '/explorer/map',
  tag: 'explorer',
  summary: 'The frames that were looked through as points: near ones look alike',
  access: 'viewer',
  response: Type.Object({
    classIds: Type.Array(Type.String()),
    x: Type.Array(Type.Number(), { description: 'In [−1, 1]' }),
    y: Type.Array(Type.Number(), { description: 'In [−1, 1]' }),
    label: Type.Array(Type.Integer(), { description: 'Place in classIds; −1: no label' }),
  }),
});
