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
      frames: Type.Integer({ description: 'Compared with one another' }),
      leftOut: Type.Integer({ description: 'Without an embedding in the common space, or beyond the most' }),
      mislabelled: Type.Integer({ description: 'Labels in doubt, as of now' }),
      outliers: Type.Integer(),
      duplicates: Type.Integer(),
      clusters: Type.Integer(),
      badPictures: Type.Integer({
        description: 'Dark, bright, flat or blurred beside those of their camera',
      }),
    }),
  ),
});
export type Inspection = Static<typeof Inspection>;

export const getInspection = defineRoute({
  method: 'GET',
  url: '/explorer/inspection',
  tag: 'explorer',
  summary:
    'When the frames were last looked through for wrong labels, outliers, duplicates, look-alikes and bad pictures',
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
export const mapMethods = ['pca', 'umap'] as const;

export const UmapStatus = Type.Object({
  state: Type.Enum(['never', 'running', 'done', 'failed'] as const),
  progress: Nullable(Type.Number({ minimum: 0, maximum: 1 })),
  message: Nullable(Type.String({ description: 'Why it failed' })),
  last: Nullable(
    Type.Object({
      at: Timestamp,
      by: Type.String(),
      frames: Type.Integer(),
      fitted: Type.Integer({ description: 'Frames it was fitted to; the others were placed on it' }),
      current: Type.Boolean({ description: 'No frame with an embedding came or went since' }),
    }),
  ),
});
export type UmapStatus = Static<typeof UmapStatus>;

export const getUmap = defineRoute({
  method: 'GET',
  url: '/explorer/umap',
  tag: 'explorer',
  summary: 'Whether there is a UMAP of the frames, and how far one is that is being made',
  access: 'viewer',
  response: UmapStatus,
});
export const startUmap = defineRoute({
  method: 'POST',
  url: '/explorer/umap',
  tag: 'explorer',
  summary:
    'Make a UMAP of the frames; goes on by itself. One of the frames of now that is there already is kept',
  access: 'operator',
  status: 202,
  body: Nothing,
  response: UmapStatus,
});
export const cancelUmap = defineRoute({
  method: 'DELETE',
  url: '/explorer/umap',
  tag: 'explorer',
  summary: 'Stop making a UMAP; the one before stays',
  access: 'operator',
  response: UmapStatus,
});
export const getMap = defineRoute({
  method: 'GET',
  url: '/explorer/map',
  tag: 'explorer',
  summary: 'The frames that were looked through, or of the UMAP, as points: near ones look alike',
  access: 'viewer',
  query: Type.Object({ method: Type.Optional(Type.Enum(mapMethods, { default: 'pca' })) }),
  response: Type.Object({
    classIds: Type.Array(Type.String()),
    x: Type.Array(Type.Number(), { description: 'In [−1, 1]' }),
    y: Type.Array(Type.Number(), { description: 'In [−1, 1]' }),
    label: Type.Array(Type.Integer(), { description: 'Place in classIds; −1: no label' }),
  }),
});
