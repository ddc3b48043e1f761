import Type, { type Static } from 'typebox';
import { IdParams, Nullable, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';
import { formatNames } from './formats/index.js';

/**
 * `uploading` → `queued` → `running` (the archive is read) → `ready` (a person says how) → `queued` → `running` → `succeeded`;
 * an export begins with `queued`. From all but the ends: `failed`, `cancelled`.
 */
export const transferStates = [
  'uploading',
  'ready',
  'queued',
  'running',
  'succeeded',
  'failed',
  'cancelled',
] as const;

const FormatName = Type.Enum(formatNames);

export const frameChoices = ['labelled', 'unlabelled', 'all'] as const;

export const ExportOptions = Type.Object({
  datasetVersionId: Type.Optional(
    Type.String({ description: 'Frames, labels and splits of this version; absent: those of now' }),
  ),
  frames: Type.Optional(
    Type.Enum(frameChoices, {
      description: 'Of the frames of now; labelled by default. Boxes count as a label',
    }),
  ),
  pictures: Type.Optional(Type.Boolean({ description: 'False: annotations alone; true by default' })),
});
export type ExportOptions = Static<typeof ExportOptions>;

export const ImportOptions = Type.Object({
  labelsAs: Type.Enum(['label', 'prelabel'], {
    description: 'As labels that count, or as proposals for whoever reviews the frame',
  }),
  classes: Type.Optional(
    Type.Record(Type.String(), Nullable(Type.String()), {
      description: 'Class id by the name in the archive; null: left out. Others are looked up by name',
    }),
  ),
  createClasses: Type.Optional(Type.Boolean({ description: 'Adds the classes that are not there' })),
  existing: Type.Optional(
    Type.Enum(['keep', 'replace'], {
      description:
        'Of frames that have another label: it is kept and the new one stands beside it, or replaced',
    }),
  ),
});
export type ImportOptions = Static<typeof ImportOptions>;

/** What was found when the archive was read. */
export const ArchiveContents = Type.Object({
  pictures: Type.Integer(),
  missing: Type.Integer({ description: 'Annotated and not in the archive' }),
  boxes: Type.Integer(),
  lines: Type.Integer({ description: 'Of the plan: pictures and issues' }),
  classes: Type.Array(
    Type.Object({
      name: Type.String(),
      pictures: Type.Integer(),
      boxes: Type.Integer(),
      classId: Nullable(Type.String({ description: 'The class here that has this name' })),
    }),
  ),
  ignored: Type.Record(Type.String(), Type.Integer(), {
    description: 'What the format carries and is not taken over, and how often it was met',
  }),
});
export type ArchiveContents = Static<typeof ArchiveContents>;

export const ImportCounts = Type.Object({
  frames: Type.Integer({ description: 'New frames' }),
  known: Type.Integer({ description: 'Pictures that were here already' }),
  labels: Type.Integer(),
  prelabels: Type.Integer(),
  unchanged: Type.Integer({ description: 'Frames that had the label already' }),
  besides: Type.Integer({ description: 'Labels that differ from the present one and stand beside it' }),
  boxes: Type.Integer(),
  issues: Type.Integer({ description: 'Lines of the report' }),
});
export type ImportCounts = Static<typeof ImportCounts>;

export const Transfer = Type.Object({
  id: Type.String(),
  number: Type.Integer(),
  direction: Type.Enum(['import', 'export']),
  state: Type.Enum(transferStates),
  format: Nullable(FormatName),
  fileName: Type.String(),
  bytes: Type.Integer({ description: 'Of the archive' }),
  received: Nullable(Type.Integer({ description: 'Of an upload, so far' })),
  exportOptions: Nullable(ExportOptions),
  importOptions: Nullable(ImportOptions),
  contents: Nullable(ArchiveContents),
  progress: Nullable(
    Type.Object({
      phase: Type.Enum(['reading', 'taking', 'writing']),
      done: Type.Integer(),
      total: Type.Integer(),
    }),
  ),
  counts: Nullable(ImportCounts),
  createdAt: Timestamp,
  createdBy: Type.String(),
  startedAt: Nullable(Timestamp),
  finishedAt: Nullable(Timestamp),
  expiresAt: Nullable(Timestamp),
  error: Nullable(Type.Object({ code: Type.String(), message: Type.String() })),
});
export type Transfer = Static<typeof Transfer>;

const tag = 'datasets';

export const listTransfers = defineRoute({
  method: 'GET',
  url: '/transfers',
  tag,
  summary: 'Imports and exports, newest first',
  access: 'viewer',
  response: Type.Object({ items: Type.Array(Transfer) }),
});
export const getTransfer = defineRoute({
  method: 'GET',
  url: '/transfers/:id',
  tag,
  summary: 'One import or export',
  access: 'viewer',
  params: IdParams,
  response: Transfer,
});
export const cancelTransfer = defineRoute({
  method: 'POST',
  url: '/transfers/:id/cancel',
  tag,
  summary: 'Stop an import or export; what has gone in stays',
  access: 'engineer',
  params: IdParams,
  response: Transfer,
});
export const startExport = defineRoute({
  method: 'POST',
  url: '/exports',
  tag,
  summary: 'Write a dataset version, or the frames of now, as an archive',
  access: 'engineer',
  status: 201,
  body: Type.Object({ format: FormatName, ...ExportOptions.properties }),
  response: Transfer,
});
export const getExportFile = defineRoute({
  method: 'GET',
  url: '/exports/:id/file',
  tag,
  summary: 'The archive; a broken download goes on with a Range header',
  access: 'engineer',
  params: IdParams,
  produces: 'application/zip',
});
export const createImport = defineRoute({
  method: 'POST',
  url: '/imports',
  tag,
  summary: 'Begin to upload an archive',
  access: 'engineer',
  status: 201,
  body: Type.Object({
    fileName: Type.String({ minLength: 1, maxLength: 200 }),
    bytes: Type.Integer({ minimum: 22, description: 'Of the whole archive' }),
    format: Type.Optional(FormatName),
  }),
  response: Transfer,
});
export const putImportPart = defineRoute({
  method: 'PUT',
  url: '/imports/:id/parts',
  tag,
  summary: 'The next bytes of the archive; the last of them starts the reading',
  access: 'engineer',
  params: IdParams,
  query: Type.Object({ offset: Type.Integer({ minimum: 0, description: 'Where they begin: as received' }) }),
  consumes: ['application/octet-stream'],
  response: Transfer,
});
export const startImport = defineRoute({
  method: 'POST',
  url: '/imports/:id/start',
  tag,
  summary: 'Take in what was read',
  access: 'engineer',
  params: IdParams,
  body: ImportOptions,
  response: Transfer,
});
export const getImportReport = defineRoute({
  method: 'GET',
  url: '/imports/:id/report',
  tag,
  summary: 'What did not go in, or not as it was: CSV of name, code and message',
  access: 'viewer',
  params: IdParams,
  produces: 'text/csv',
});

export const noCounts: ImportCounts = {
  ...{ frames: 0, known: 0, labels: 0, prelabels: 0, unchanged: 0, besides: 0, boxes: 0, issues: 0 },
};
