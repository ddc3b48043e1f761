import { sql } from 'drizzle-orm';
import {
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
import type { FrameBox } from '../../features/boxes/schemas.js';
import type { ClassChangeDetail } from '../../features/classes/change-detail.js';
import type { LabelRevision } from '../../features/frames/schemas.js';
import type { BookExample } from '../../features/label-book/schemas.js';
import type { Asked } from '../../features/opinions/next-ask.js';
import { at, now } from './columns.js';
import { frames } from './frames.js';

/** Append-only. A correction, an undo and a second opinion are new rows. */
export const labels = pgTable(
  'labels',
  {
    frameId: text('frame_id')
      .notNull()
      .references(() => frames.id),
    revision: integer('revision').notNull(),
    kind: text('kind').$type<LabelRevision['kind']>().notNull(),
    classId: text('class_id'),
    author: text('author').notNull(),
    source: text('source').$type<LabelRevision['source']>().notNull(),
    requestId: text('request_id').notNull(),
    durationMs: integer('duration_ms'),
    /** Drawn with the answer; null: none were drawn or changed. */
    boxes: jsonb('boxes').$type<FrameBox[]>(),
    /** Why the person was asked; null: they were not, or by a server that did not keep it. */
    why: text('why').$type<LabelRevision['why']>(),
    at: now('at'),
  },
  (table) => [
    primaryKey({ columns: [table.frameId, table.revision] }),
    // Also for the prefix of a request that labelled many frames.
    uniqueIndex('labels_by_request').on(table.requestId.op('text_pattern_ops')),
    index('labels_by_author').on(table.author, table.at),
  ],
);

/** A class that was merged or split stays as a row: old dataset versions and models name it. */
export const classes = pgTable('classes', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  colour: text('colour').notNull(),
  position: integer('position').notNull(),
  createdAt: now('created_at'),
  /** Null: frames can be labelled with it. */
  retiredAt: at('retired_at'),
  /** Class that stands for it now, never one that is itself merged; null: none, or it was split. */
  mergedInto: text('merged_into'),
  formerNames: jsonb('former_names').$type<string[]>().notNull().default([]),
});

/** What was done to the classes. Append-only: taking one back is a row of its own. */
export const classChanges = pgTable('class_changes', {
  id: text('id').primaryKey(),
  number: serial('number').notNull(),
  requestId: text('request_id').notNull().unique(),
  kind: text('kind').$type<ClassChangeDetail['kind']>().notNull(),
  classId: text('class_id')
    .notNull()
    .references(() => classes.id),
  detail: jsonb('detail').$type<ClassChangeDetail>().notNull(),
  /** Change that this one takes back. */
  undoes: text('undoes').unique(),
  author: text('author').notNull(),
  at: now('at'),
});

/** What each class means, with examples. Append-only: a change is a new row with all of it. */
export const labelBookVersions = pgTable(
  'label_book_versions',
  {
    classId: text('class_id')
      .notNull()
      .references(() => classes.id),
    version: integer('version').notNull(),
    definition: text('definition').notNull(),
    examples: jsonb('examples').$type<BookExample[]>().notNull(),
    /** What is new, for people. */
    change: text('change').notNull(),
    author: text('author').notNull(),
    requestId: text('request_id').notNull().unique(),
    at: now('at'),
  },
  (table) => [primaryKey({ columns: [table.classId, table.version] })],
);

/** The review queue: one row for each frame that waits for a person, or waited. */
export const reviewItems = pgTable(
  'review_items',
  {
    frameId: text('frame_id')
      .primaryKey()
      .references(() => frames.id),
    state: text('state').$type<'queued' | 'answered'>().notNull().default('queued'),
    priority: doublePrecision('priority').notNull(),
    reason: text('reason').notNull(),
    enqueuedAt: now('enqueued_at'),
    leaseUserId: text('lease_user_id'),
    leaseExpiresAt: at('lease_expires_at'),
    /** Fencing token: rises with every lease. */
    token: integer('token').notNull().default(0),
    /** How often it was skipped; each time takes 1 off the priority, which is otherwise in [0, 1], and 2 more when a person sent it. */
    skips: integer('skips').notNull().default(0),
    /** What the champion's head says of the stored embedding, which may be newer than the camera's decision. */
    prelabelClassId: text('prelabel_class_id'),
    prelabelConfidence: doublePrecision('prelabel_confidence'),
    /** Who put it at the front of the queue; null: its place is by order. */
    sentBy: text('sent_by'),
    /** What an import or a rule proposes; it comes before what the model says. */
    givenClassId: text('given_class_id'),
    /** Why it is asked: for its label, or for the opinion of one more person. */
    asked: text('asked').$type<Asked>().notNull().default('order'),
    /** When others may be asked: the one who answered first may take it back until then. */
    availableAt: at('available_at'),
  },
  (table) => [
    // `desc` in a query puts nulls first: with nulls last the index would not serve its order.
    index('review_items_by_priority').on(table.state, table.priority.desc().nullsFirst(), table.frameId),
    index('review_items_by_lessee').on(table.leaseUserId).where(sql`${table.leaseUserId} is not null`),
  ],
);

/** Frames whose label is certain: operators are asked about them without knowing, to measure them. */
export const knownAnswers = pgTable('known_answers', {
  frameId: text('frame_id')
    .primaryKey()
    .references(() => frames.id),
  classId: text('class_id').notNull(),
  markedBy: text('marked_by').notNull(),
  markedAt: now('marked_at'),
});

/** A known answer that a person is asked for, or was. What they said is among the labels. */
export const knownChecks = pgTable(
  'known_checks',
  {
    author: text('author').notNull(),
    frameId: text('frame_id')
      .notNull()
      .references(() => frames.id),
    /** Fencing token: rises each time it is lent. */
    token: integer('token').notNull(),
    /** Its place among what else the person had on lease. */
    priority: doublePrecision('priority').notNull(),
    leaseExpiresAt: at('lease_expires_at'),
    answeredAt: at('answered_at'),
  },
  (table) => [primaryKey({ columns: [table.author, table.frameId] })],
);
