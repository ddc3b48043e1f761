import type { Decision, FlagReason } from '@lineside/shared';
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  serial,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { BoxRevision, FrameBox } from '../../features/boxes/schemas.js';
import type { Agreement, LabelRevision } from '../../features/frames/schemas.js';
import type { PictureFinding } from '../../learning/inspect/bad-pictures.js';
import { at, bytes, now } from './columns.js';

export const frames = pgTable(
  'frames',
  {
    id: text('id').primaryKey(),
    deviceId: text('device_id').notNull(),
    cameraId: text('camera_id').notNull(),
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
    capturedAt: at('captured_at').notNull(),
    receivedAt: now('received_at'),
    clockSuspect: boolean('clock_suspect').notNull().default(false),
    width: integer('width').notNull(),
    height: integer('height').notNull(),
    imageType: text('image_type').notNull(),
    imageSha256: text('image_sha256').notNull(),
    bytes: integer('bytes').notNull(),
    reasons: jsonb('reasons').$type<FlagReason[]>().notNull(),
    decision: jsonb('decision').$type<Decision>(),
    embeddingSpace: text('embedding_space'),
    embedding: bytes('embedding'),
    groupKey: text('group_key'),
    source: text('source'),
    metadata: jsonb('metadata').$type<Record<string, string>>().notNull().default({}),
    /** The import that it came with; null: a device sent it. */
    importId: text('import_id'),
    /** Of the newest row of `box_revisions`; 0: nobody drew any. */
    boxRevision: integer('box_revision').notNull().default(0),
    /** Current label, kept in step with the newest row of `labels` in the same transaction; null: none. */
    labelRevision: integer('label_revision').notNull().default(0),
    labelKind: text('label_kind').$type<LabelRevision['kind']>(),
    labelClassId: text('label_class_id'),
    /** What the people who answered make of each other, see `verdict`; null: nobody has been asked a second time. */
    agreement: text('agreement').$type<Agreement>(),
  },
  (table) => [
    index('frames_by_time').on(table.receivedAt, table.id),
    index('frames_by_device').on(table.deviceId, table.receivedAt),
    index('frames_by_label').on(table.labelClassId),
    index('frames_by_picture').on(table.imageSha256),
    index('frames_by_import').on(table.importId),
    index('frames_by_agreement').on(table.agreement),
  ],
);

/** All boxes of a frame at a time. Append-only: a change is a new row with all boxes of then. */
export const boxRevisions = pgTable(
  'box_revisions',
  {
    frameId: text('frame_id')
      .notNull()
      .references(() => frames.id),
    revision: integer('revision').notNull(),
    boxes: jsonb('boxes').$type<FrameBox[]>().notNull(),
    author: text('author').notNull(),
    source: text('source').$type<BoxRevision['source']>().notNull(),
    requestId: text('request_id').notNull(),
    at: now('at'),
  },
  (table) => [
    primaryKey({ columns: [table.frameId, table.revision] }),
    uniqueIndex('box_revisions_by_request').on(table.requestId),
  ],
);

/** A message that did not validate, kept for a person to look at; bounded by retention. */
export const quarantine = pgTable('quarantine', {
  id: serial('id').primaryKey(),
  deviceId: text('device_id').notNull(),
  topic: text('topic').notNull(),
  code: text('code').notNull(),
  message: text('message').notNull(),
  payload: bytes('payload').notNull(),
  at: now('at'),
});

/** What the embeddings said of a frame when they were last looked through; replaced as a whole by the next time. */
export const frameFindings = pgTable(
  'frame_findings',
  {
    frameId: text('frame_id')
      .primaryKey()
      .references(() => frames.id),
    /** Place on the map, each in [−1, 1]. */
    x: doublePrecision('x').notNull(),
    y: doublePrecision('y').notNull(),
    cluster: integer('cluster').notNull(),
    oddness: doublePrecision('oddness').notNull(),
    suggestedClassId: text('suggested_class_id'),
    /** Of the label that stood then. */
    labelRevision: integer('label_revision').notNull(),
    suspicion: doublePrecision('suspicion'),
    outlier: doublePrecision('outlier'),
    duplicateOf: text('duplicate_of'),
  },
  (table) => [index('frame_findings_by_cluster').on(table.cluster, table.oddness)],
);

/** How the picture of a frame came out, see `PictureFigures`; null: it cannot be read. */
export const frameHealth = pgTable(
  'frame_health',
  {
    frameId: text('frame_id')
      .primaryKey()
      .references(() => frames.id),
    brightness: doublePrecision('brightness'),
    contrast: doublePrecision('contrast'),
    sharpness: doublePrecision('sharpness'),
    /** By what was usual of its camera in the last inspection; null: nothing is wrong. */
    finding: text('finding').$type<PictureFinding>(),
  },
  (table) => [index('frame_health_by_finding').on(table.finding).where(sql`${table.finding} is not null`)],
);
