import { doublePrecision, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { LeakCheckState, LeakKind, LeaksFound } from '../../features/dataset-leaks/schemas.js';
import { at, bytes, now } from './columns.js';
import { frames } from './frames.js';

/** Frames that models are judged on, fixed when the version was started; the newest version is in force. */
export const testSets = pgTable('test_sets', {
  id: text('id').primaryKey(),
  number: integer('number').notNull().unique(),
  /** Over its frames, see `testSetHash`. */
  sha256: text('sha256').notNull().unique(),
  frames: integer('frames').notNull(),
  createdAt: now('created_at'),
  createdBy: text('created_by').notNull(),
});

export const testSetFrames = pgTable(
  'test_set_frames',
  {
    testSetId: text('test_set_id')
      .notNull()
      .references(() => testSets.id),
    frameId: text('frame_id')
      .notNull()
      .references(() => frames.id),
  },
  (table) => [primaryKey({ columns: [table.testSetId, table.frameId] })],
);

export const datasetVersions = pgTable('dataset_versions', {
  id: text('id').primaryKey(),
  number: integer('number').notNull().unique(),
  sha256: text('sha256').notNull().unique(),
  frames: integer('frames').notNull(),
  classes: jsonb('classes').$type<{ id: string; name: string; train: number; test: number }[]>().notNull(),
  /** What the test split is part of; null without a test split, and of versions older than test sets. */
  testSetId: text('test_set_id').references(() => testSets.id),
  /** Labelled frames of test groups that wait for the next test set: they neither teach nor judge. */
  waiting: integer('waiting').notNull().default(0),
  /** Labelled frames that people disagree on, left out. */
  disputed: integer('disputed').notNull().default(0),
  createdAt: now('created_at'),
  createdBy: text('created_by').notNull(),
});

export const datasetItems = pgTable(
  'dataset_items',
  {
    datasetId: text('dataset_id')
      .notNull()
      .references(() => datasetVersions.id),
    frameId: text('frame_id')
      .notNull()
      .references(() => frames.id),
    labelRevision: integer('label_revision').notNull(),
    classId: text('class_id').notNull(),
    groupKey: text('group_key').notNull(),
    split: text('split').$type<'train' | 'test'>().notNull(),
    /** 0: the frame had no boxes. */
    boxRevision: integer('box_revision').notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.datasetId, table.frameId] })],
);

/** Whether frames of a version show the same on both sides of its split: one row a version that was ever looked at. */
export const leakChecks = pgTable('leak_checks', {
  datasetId: text('dataset_id')
    .primaryKey()
    .references(() => datasetVersions.id),
  state: text('state').$type<LeakCheckState>().notNull(),
  /** In [0, 1], while it runs. */
  progress: doublePrecision('progress'),
  requestedBy: text('requested_by').notNull(),
  requestedAt: at('requested_at').notNull(),
  finishedAt: at('finished_at'),
  /** Test frames with a like in training, by what shows it. */
  found: jsonb('found').$type<LeaksFound>(),
  /** Test and training frames that were compared by their pictures. */
  compared: integer('compared').notNull().default(0),
  errorMessage: text('error_message'),
});

/** A test frame beside the training frame most like it, the plainest pair first. */
export const leaks = pgTable(
  'leaks',
  {
    datasetId: text('dataset_id')
      .notNull()
      .references(() => datasetVersions.id),
    rank: integer('rank').notNull(),
    kind: text('kind').$type<LeakKind>().notNull(),
    testFrameId: text('test_frame_id').notNull(),
    trainFrameId: text('train_frame_id').notNull(),
    /** 1 of the same picture; null: of one group, and not compared. */
    similarity: doublePrecision('similarity'),
  },
  (table) => [primaryKey({ columns: [table.datasetId, table.rank] })],
);

/** The shapes of a picture, see `sketchOf`: made once for the same bytes. Null: it cannot be read. */
export const pictureSketches = pgTable('picture_sketches', {
  imageSha256: text('image_sha256').primaryKey(),
  sketch: bytes('sketch'),
});

/** Two frames that a person says show the same part: they are of one group. The lesser id stands first. */
export const groupLinks = pgTable(
  'group_links',
  {
    frameId: text('frame_id')
      .notNull()
      .references(() => frames.id),
    otherId: text('other_id')
      .notNull()
      .references(() => frames.id),
    linkedBy: text('linked_by').notNull(),
    linkedAt: at('linked_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.frameId, table.otherId] })],
);
