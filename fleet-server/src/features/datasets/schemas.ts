import Type, { type Static } from 'typebox';
import { IdParams, Nullable, Page, PageQuery, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

/** An immutable list of frames with the labels they had; the hash is over that list. */
export const DatasetVersion = Type.Object({
  id: Type.String(),
  number: Type.Integer({ minimum: 1 }),
  sha256: Type.String(),
  frames: Type.Integer(),
  createdAt: Timestamp,
  createdBy: Type.String(),
  testSetId: Nullable(Type.String({ description: 'Test set that its test split is part of' })),
  waiting: Type.Integer({ description: 'Labelled frames left out that wait for the next test set' }),
  disputed: Type.Integer({ description: 'Labelled frames left out because people disagree on them' }),
  classes: Type.Array(
    Type.Object({ id: Type.String(), name: Type.String(), train: Type.Integer(), test: Type.Integer() }),
  ),
});
export type DatasetVersion = Static<typeof DatasetVersion>;

/** Frames that models are judged on, fixed when the version was started. */
export const TestSet = Type.Object({
  id: Type.String(),
  number: Type.Integer({ minimum: 1, description: 'The version' }),
  sha256: Type.String({ description: 'Over its frames' }),
  frames: Type.Integer(),
  createdAt: Timestamp,
  createdBy: Type.String(),
  inForce: Type.Boolean({ description: 'The one that new snapshots are judged on' }),
  looks: Type.Integer({ description: 'Runs that were judged on it' }),
  mostLooks: Type.Integer({ description: 'Beyond so many it is worn out' }),
});
export type TestSet = Static<typeof TestSet>;

export const TestSets = Type.Object({
  items: Type.Array(TestSet),
  waiting: Type.Integer({ description: 'Frames that wait for the next one, as of the last snapshot' }),
});
export type TestSets = Static<typeof TestSets>;

export const listTestSets = defineRoute({
  method: 'GET',
  url: '/test-sets',
  tag: 'datasets',
  summary: 'Versions of the test set, newest first, and how often each was looked at',
  access: 'viewer',
  response: TestSets,
});
export const startTestSet = defineRoute({
  method: 'POST',
  url: '/test-sets',
  tag: 'datasets',
  summary: 'Start the next version of the test set, with the frames that wait for it',
  access: 'engineer',
  status: 201,
  response: TestSet,
});
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
