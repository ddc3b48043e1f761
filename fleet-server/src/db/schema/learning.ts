import type { ModelManifest } from '@lineside/shared';
import {
  bigint,
  doublePrecision,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  serial,
  text,
} from 'drizzle-orm/pg-core';
import type { StoredArchitecture } from '../../features/architectures/stored.js';
import type { DriftSettled } from '../../features/drift/schemas.js';
import type { ImportedFrom } from '../../features/models/schemas.js';
import type { RuleName } from '../../features/retrain/schemas.js';
import type { SweepBody } from '../../features/sweeps/schemas.js';
import type { TrainingKind, trainingStates } from '../../features/training/schemas.js';
import type { ClassAlpha } from '../../learning/accept-threshold.js';
import type { DriftState } from '../../learning/drift/monitor.js';
import type { Change } from '../../learning/finetune/augment.js';
import type { Regularisation } from '../../learning/finetune/options.js';
import type { JudgedAnswer } from '../../learning/jobs/training.js';
import type { Trainer } from '../../learning/torch/trainers.js';
import type { TuneMode } from '../../learning/tuning/modes.js';
import { at, now } from './columns.js';
import { datasetVersions } from './datasets.js';
import { frames } from './frames.js';

/** Place of a frame on the UMAP, each in [−1, 1]; replaced as a whole by the next one. */
export const framePlaces = pgTable('frame_places', {
  frameId: text('frame_id')
    .primaryKey()
    .references(() => frames.id),
  x: doublePrecision('x').notNull(),
  y: doublePrecision('y').notNull(),
});

export const trainingRuns = pgTable('training_runs', {
  id: text('id').primaryKey(),
  number: serial('number').notNull(),
  state: text('state').$type<(typeof trainingStates)[number]>().notNull(),
  datasetId: text('dataset_id')
    .notNull()
    .references(() => datasetVersions.id),
  options: jsonb('options')
    .$type<{
      alpha?: number;
      alphaByClass?: ClassAlpha[];
      mode?: TuneMode;
      changes?: Change[];
      kind?: TrainingKind;
      goodClassId?: string;
      architecture?: string;
      inputSize?: 'auto' | number;
      /** By which rule it was started without being asked. */
      rule?: RuleName;
      trainer?: Trainer;
      regularisation?: Regularisation;
      sweep?: Omit<SweepBody, 'datasetVersionId'>;
    }>()
    .notNull(),
  createdAt: now('created_at'),
  createdBy: text('created_by').notNull(),
  startedAt: at('started_at'),
  finishedAt: at('finished_at'),
  progress: jsonb('progress').$type<{ phase: string; done: number; total: number; message?: string }>(),
  errorCode: text('error_code'),
  errorMessage: text('error_message'),
  report: jsonb('report').$type<Record<string, unknown>>(),
  modelVersionId: text('model_version_id'),
});

/** What the model of a run answered on frames that had not taught it. */
export const runAnswers = pgTable(
  'run_answers',
  {
    runId: text('run_id')
      .notNull()
      .references(() => trainingRuns.id),
    frameId: text('frame_id')
      .notNull()
      .references(() => frames.id),
    basis: text('basis').$type<JudgedAnswer['basis']>().notNull(),
    /** The label that it was judged by. */
    classId: text('class_id').notNull(),
    answer: text('answer').notNull(),
    confidence: doublePrecision('confidence').notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.frameId] })],
);

/** Uploaded classifiers without their heads. The default backbone is none of them: it comes with the software. */
export const architectures = pgTable('architectures', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  licence: text('licence').notNull(),
  /** Blob of the backbone; the file it was made from is not kept. */
  backboneSha256: text('backbone_sha256').notNull(),
  bytes: bigint('bytes', { mode: 'number' }).notNull(),
  sourceSha256: text('source_sha256').notNull(),
  details: jsonb('details').$type<StoredArchitecture>().notNull(),
  createdAt: now('created_at'),
  createdBy: text('created_by').notNull(),
});

export const modelVersions = pgTable('model_versions', {
  id: text('id').primaryKey(),
  number: integer('number').notNull().unique(),
  manifest: jsonb('manifest').$type<ModelManifest>().notNull(),
  /** The exact bytes that are signed: their hash is what devices check. */
  manifestJson: text('manifest_json').notNull(),
  manifestSha256: text('manifest_sha256').notNull(),
  bytes: bigint('bytes', { mode: 'number' }).notNull(),
  trainingRunId: text('training_run_id'),
  /** Blob of the head's weights, which re-scores stored embeddings without running the backbone. */
  headSha256: text('head_sha256'),
  metrics: jsonb('metrics').$type<{ accuracy: number; balancedAccuracy: number; n: number }>(),
  createdAt: now('created_at'),
  notes: text('notes').notNull().default(''),
  tags: jsonb('tags').$type<string[]>().notNull().default([]),
  /** Where a model comes from that was trained elsewhere; null: made here. */
  imported: jsonb('imported').$type<ImportedFrom>(),
});

export const modelAliases = pgTable('model_aliases', {
  alias: text('alias').primaryKey(),
  modelVersionId: text('model_version_id')
    .notNull()
    .references(() => modelVersions.id),
  updatedAt: now('updated_at'),
});

/** How what devices see compares with what they used to see: one row for a model on a device, one for it on the fleet. */
export const driftStates = pgTable(
  'drift_states',
  {
    modelVersionId: text('model_version_id').notNull(),
    /** Empty: the fleet. */
    deviceId: text('device_id').notNull(),
    state: jsonb('state').$type<DriftState>().notNull(),
    /** Null: there is no alarm. */
    alarmAt: at('alarm_at'),
    /** What the alarm says. */
    message: text('message'),
    /** What a person said the last alarm came from. */
    settled: jsonb('settled').$type<DriftSettled>(),
    updatedAt: now('updated_at'),
  },
  (table) => [primaryKey({ columns: [table.modelVersionId, table.deviceId] })],
);
