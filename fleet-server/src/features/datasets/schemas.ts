import Type, { type Static } from 'typebox';
import { IdParams, Page, PageQuery, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

/** An immutable list of frames with the labels they had; the hash is over that list. */
export const DatasetVersion = Type.Object({
  id: Type.String(),
  number: Type.Integer({ minimum: 1 }),
  sha256: Type.String(),
  frames: Type.Integer(),
  createdAt: Timestamp,
  createdBy: Type.String(),
  classes: Type.Array(
    Type.Object({ id: Type.String(), name: Type.String(), train: Type.Integer(), test: Type.Integer() }),
  ),
});
export type DatasetVersion = Static<typeof DatasetVersion>;

export const listDatasets = defineRoute({
  method: 'GET',
  url: '/datasets',
  tag: 'datasets',
  summary: 'Dataset versions, newest first',
  access: 'viewer',
  response: Type.Object({ items: Type.Array(DatasetVersion) }),
});
export const createDataset = defineRoute({
  method: 'POST',
  url: '/datasets',
  tag: 'datasets',
  summary: 'Snapshot the current labels; the same labels give the same version',
  access: 'engineer',
  status: 201,
  body: Type.Object({
    testShare: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 0.5,
        description: 'Share of groups held out; default 0.2, 0 below 200 frames',
      }),
    ),
  }),
  response: DatasetVersion,
});
export const getDataset = defineRoute({
  method: 'GET',
  url: '/datasets/:id',
  tag: 'datasets',
  summary: 'One dataset version',
  access: 'viewer',
  params: IdParams,
  response: DatasetVersion,
});
export const listDatasetItems = defineRoute({
  method: 'GET',
  url: '/datasets/:id/items',
  tag: 'datasets',
  summary: 'The frames of a dataset version',
  access: 'viewer',
  params: IdParams,
  query: Type.Object({ ...PageQuery }),
  response: Page(
    Type.Object({
      frameId: Type.String(),
      imageSha256: Type.String(),
      classId: Type.String(),
      group: Type.String(),
      split: Type.Union([Type.Literal('train'), Type.Literal('test')]),
    }),
  ),
});
