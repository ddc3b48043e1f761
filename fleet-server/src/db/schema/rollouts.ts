import {
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  serial,
  text,
} from 'drizzle-orm/pg-core';
import type { Evidence } from '../../features/rollouts/evidence.js';
import type { Strategy } from '../../features/rollouts/plan.js';
import type { Selection } from '../../features/rollouts/selection.js';
import type { executionStates, groupStates, rolloutStates } from '../../features/rollouts/states.js';
import type { QualityState } from '../../features/rollouts/watch-quality.js';
import type { TrialState } from '../../features/rollouts/watch-trial.js';
import type { ApproverRole } from '../../features/sites/schemas.js';
import { at, now } from './columns.js';
import { devices } from './devices.js';
import { modelVersions } from './learning.js';

export const rollouts = pgTable('rollouts', {
  id: text('id').primaryKey(),
  number: serial('number').notNull(),
  state: text('state').$type<(typeof rolloutStates)[number]>().notNull(),
  modelVersionId: text('model_version_id')
    .notNull()
    .references(() => modelVersions.id),
  previousModelVersionId: text('previous_model_version_id'),
  releaseCounter: integer('release_counter').notNull().unique(),
  strategy: jsonb('strategy').$type<Strategy>().notNull(),
  /** Null: the whole fleet, by a server that knew no selection. */
  selection: jsonb('selection').$type<Selection>(),
  /** Release of the champion that devices run in the shadow while a gate watches disagreement. */
  reference: jsonb('reference').$type<{ modelVersionId: string; releaseCounter: number }>(),
  createdAt: now('created_at'),
  createdBy: text('created_by').notNull(),
  approvedBy: text('approved_by'),
  approvedAt: at('approved_at'),
  startedAt: at('started_at'),
  finishedAt: at('finished_at'),
  reason: text('reason'),
});

export const rolloutGroups = pgTable(
  'rollout_groups',
  {
    rolloutId: text('rollout_id')
      .notNull()
      .references(() => rollouts.id),
    index: integer('index').notNull(),
    state: text('state').$type<(typeof groupStates)[number]>().notNull(),
    soakEndsAt: at('soak_ends_at'),
    quality: jsonb('quality').$type<QualityState>(),
    /** Of the new version in the shadow. */
    trial: jsonb('trial').$type<TrialState>(),
  },
  (table) => [primaryKey({ columns: [table.rolloutId, table.index] })],
);

export const rolloutExecutions = pgTable(
  'rollout_executions',
  {
    rolloutId: text('rollout_id')
      .notNull()
      .references(() => rollouts.id),
    deviceId: text('device_id')
      .notNull()
      .references(() => devices.id),
    groupIndex: integer('group_index').notNull(),
    state: text('state').$type<(typeof executionStates)[number]>().notNull(),
    previousModelVersionId: text('previous_model_version_id'),
    notifiedAt: at('notified_at'),
    evidence: jsonb('evidence').$type<Evidence>(),
    progress: doublePrecision('progress'),
    code: text('code'),
    message: text('message'),
    updatedAt: now('updated_at'),
  },
  (table) => [
    primaryKey({ columns: [table.rolloutId, table.deviceId] }),
    index('rollout_executions_by_device').on(table.deviceId),
  ],
);

/** What was said of places where devices stand. */
export const sites = pgTable('sites', {
  name: text('name').primaryKey(),
  timeZone: text('time_zone').notNull(),
  /** Null: as the rules of rollouts say. */
  approvals: jsonb('approvals').$type<ApproverRole[]>(),
});

export const rolloutApprovals = pgTable(
  'rollout_approvals',
  {
    rolloutId: text('rollout_id')
      .notNull()
      .references(() => rollouts.id),
    role: text('role').$type<ApproverRole>().notNull(),
    by: text('by').notNull(),
    at: at('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.rolloutId, table.role] })],
);

/** What happened to rollouts and their groups: rows are only added. */
export const rolloutEvents = pgTable(
  'rollout_events',
  {
    id: serial('id').primaryKey(),
    rolloutId: text('rollout_id')
      .notNull()
      .references(() => rollouts.id),
    /** Null: of the rollout as a whole. */
    groupIndex: integer('group_index'),
    from: text('from').$type<(typeof rolloutStates | typeof groupStates)[number]>(),
    to: text('to').$type<(typeof rolloutStates | typeof groupStates)[number]>().notNull(),
    by: text('by').notNull(),
    at: at('at').notNull(),
    reason: text('reason'),
  },
  (table) => [index('rollout_events_by_rollout').on(table.rolloutId)],
);
