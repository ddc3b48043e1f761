import type {
  Decision,
  FlagReason,
  ModelManifest,
  Percentiles,
  ReportedState,
  TelemetryMessage,
} from '@lineside/shared';
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  serial,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { StoredArchitecture } from '../features/architectures/stored.js';
import type { BoxRevision, FrameBox } from '../features/boxes/schemas.js';
import type { ClassChangeDetail } from '../features/classes/change-detail.js';
import type { LeakCheckState, LeakKind, LeaksFound } from '../features/dataset-leaks/schemas.js';
import type { DriftSettled } from '../features/drift/schemas.js';
import type { FormatName } from '../features/exchange/formats/index.js';
import type {
  ArchiveContents,
  ExportOptions,
  ImportCounts,
  ImportOptions,
  transferStates,
} from '../features/exchange/schemas.js';
import type { Agreement, LabelRevision } from '../features/frames/schemas.js';
import type { BookExample } from '../features/label-book/schemas.js';
import type { ImportedFrom } from '../features/models/schemas.js';
import type { Asked } from '../features/opinions/next-ask.js';
import type { RuleName } from '../features/retrain/schemas.js';
import type { Evidence } from '../features/rollouts/evidence.js';
import type { Strategy } from '../features/rollouts/plan.js';
import type { Selection } from '../features/rollouts/selection.js';
import type { executionStates, groupStates, rolloutStates } from '../features/rollouts/states.js';
import type { QualityState } from '../features/rollouts/watch-quality.js';
import type { TrialState } from '../features/rollouts/watch-trial.js';
import type { ApproverRole } from '../features/sites/schemas.js';
import type { SweepBody } from '../features/sweeps/schemas.js';
import type { TrainingKind, trainingStates } from '../features/training/schemas.js';
import type { Role } from '../http/route.js';
import type { DriftState } from '../learning/drift/monitor.js';
import type { Change } from '../learning/finetune/augment.js';
import type { Regularisation } from '../learning/finetune/options.js';
import type { PictureFinding } from '../learning/inspect/bad-pictures.js';
import type { Trainer } from '../learning/torch/trainers.js';
import type { TuneMode } from '../learning/tuning/modes.js';
import type { JudgedAnswer } from '../learning/worker-protocol.js';

/** `bytea`. PGlite and pg both take and give byte arrays. */
const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' });
const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const now = (name: string) => at(name).notNull().defaultNow();

// ---- people -------------------------------------------------------------------------------------------------

export const users = pgTable('users', {
  id: text('id').primaryKey(),
  email: text('email').notNull().unique(),
  name: text('name').notNull(),
  role: text('role').$type<Role>().notNull(),
  passwordHash: text('password_hash'),
  createdAt: now('created_at'),
  disabledAt: at('disabled_at'),
});

/** Only hashes of tokens are stored: a copy of the database signs nobody in. */
export const sessions = pgTable('sessions', {
  tokenHash: text('token_hash').primaryKey(),
  userId: text('user_id')
    .notNull()
    .references(() => users.id),
  createdAt: now('created_at'),
  expiresAt: at('expires_at').notNull(),
  /** Their role needs a second factor and they have none: until they do, nothing else is open to them. */
  enrolling: boolean('enrolling').notNull().default(false),
});

/** The app on a person's phone. It counts from `confirmedAt` on, when they have proved that it shows the right codes. */
export const secondFactors = pgTable('second_factors', {
  userId: text('user_id')
    .primaryKey()
    .references(() => users.id),
  sealedSecret: text('sealed_secret').notNull(),
  confirmedAt: at('confirmed_at'),
  /** Time step of the code that was accepted last: neither it nor an earlier one is accepted again. */
  lastStep: integer('last_step').notNull().default(0),
  tries: integer('tries').notNull().default(0),
  triesSince: at('tries_since'),
});

/** What stands in for a lost phone, each once. */
export const recoveryCodes = pgTable('recovery_codes', {
  codeHash: text('code_hash').primaryKey(),
  userId: text('user_id')
    .notNull()
    .references(() => users.id),
});

/** Who a person is at an identity provider: by its issuer and subject, never by e-mail. */
export const identities = pgTable(
  'identities',
  {
    issuer: text('issuer').notNull(),
    subject: text('subject').notNull(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    linkedAt: now('linked_at'),
  },
  (table) => [
    primaryKey({ columns: [table.issuer, table.subject] }),
    uniqueIndex('identities_user').on(table.userId, table.issuer),
  ],
);

export const signInLinks = pgTable('sign_in_links', {
  tokenHash: text('token_hash').primaryKey(),
  userId: text('user_id')
    .notNull()
    .references(() => users.id),
  expiresAt: at('expires_at').notNull(),
  usedAt: at('used_at'),
});

/** What programs sign in with. A key acts for the person who made it, and never beyond what they may themselves. */
export const apiKeys = pgTable('api_keys', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  tokenHash: text('token_hash').notNull().unique(),
  ownerId: text('owner_id')
    .notNull()
    .references(() => users.id),
  role: text('role').$type<Role>().notNull(),
  writes: boolean('writes').notNull(),
  createdAt: now('created_at'),
  expiresAt: at('expires_at').notNull(),
  lastUsedAt: at('last_used_at'),
  revokedAt: at('revoked_at'),
});

/** The database refuses to change, delete or truncate what is in here: a trigger of the migrations. */
export const auditLog = pgTable('audit_log', {
  id: serial('id').primaryKey(),
  at: now('at'),
  actor: text('actor').notNull(),
  action: text('action').notNull(),
  subject: text('subject').notNull(),
  detail: jsonb('detail').$type<Record<string, unknown>>().notNull().default({}),
  /** SHA-256 over the entry and the hash of the one before it, hex; null: from before there was a chain. */
  hash: text('hash'),
});

// ---- devices ------------------------------------------------------------------------------------------------

export const claimTokens = pgTable('claim_tokens', {
  secretHash: text('secret_hash').primaryKey(),
  name: text('name').notNull(),
  /** What the device that enrols gets. */
  site: text('site'),
  tags: jsonb('tags').$type<string[]>().notNull().default([]),
  createdBy: text('created_by').notNull(),
  expiresAt: at('expires_at').notNull(),
  usedAt: at('used_at'),
  /** SHA-256 of the CSR that spent the token: the same CSR may ask again, so that a lost answer can be fetched. */
  csrSha256: text('csr_sha256'),
  deviceId: text('device_id'),
});

export const devices = pgTable('devices', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  enrolledAt: now('enrolled_at'),
  certificatePem: text('certificate_pem').notNull(),
  certificateSha256: text('certificate_sha256').notNull(),
  certificateExpiresAt: at('certificate_expires_at').notNull(),
  /** Issued before the present one runs out, and the only one from its first use on. */
  nextCertificatePem: text('next_certificate_pem'),
  nextCertificateSha256: text('next_certificate_sha256'),
  nextCertificateExpiresAt: at('next_certificate_expires_at'),
  /** Of the request for it: the same request again gets the same answer. */
  nextCsrSha256: text('next_csr_sha256'),
  revokedAt: at('revoked_at'),
  /** Since when its identity is held by more than one machine, as far as anybody has not said otherwise. */
  quarantinedAt: at('quarantined_at'),
  online: boolean('online').notNull().default(false),
  lastSeenAt: at('last_seen_at'),
  reported: jsonb('reported').$type<ReportedState>(),
  telemetry: jsonb('telemetry').$type<TelemetryMessage>(),
  desiredRevision: integer('desired_revision').notNull().default(0),
  desired: jsonb('desired').$type<Record<string, unknown>>(),
  /** Of `desired.config`; also rises when the settings are taken back, so that no revision is used twice. */
  settingsRevision: integer('settings_revision').notNull().default(0),
  settingsAt: at('settings_at'),
  settingsBy: text('settings_by'),
  lastFrameId: text('last_frame_id'),
  lastFrameAt: at('last_frame_at'),
  site: text('site'),
  tags: jsonb('tags').$type<string[]>().notNull().default([]),
});

export const deviceEvents = pgTable(
  'device_events',
  {
    id: text('id').primaryKey(),
    deviceId: text('device_id').notNull(),
    at: at('at').notNull(),
    receivedAt: now('received_at'),
    severity: text('severity').notNull(),
    code: text('code').notNull(),
    message: text('message').notNull(),
    cameraId: text('camera_id'),
  },
  (table) => [index('device_events_by_device').on(table.deviceId, table.receivedAt)],
);

/** How fast a model was on one device: what a choice among models by hardware is made from. */
export const benchmarks = pgTable(
  'benchmarks',
  {
    id: text('id').primaryKey(),
    deviceId: text('device_id')
      .notNull()
      .references(() => devices.id),
    at: now('at'),
    requestedBy: text('requested_by').notNull(),
    /** As the device reported itself at the time. */
    arch: text('arch').notNull(),
    hardware: text('hardware').notNull(),
    agentVersion: text('agent_version').notNull(),
    modelVersion: text('model_version').notNull(),
    variant: text('variant').notNull(),
    backend: text('backend').notNull(),
    threads: integer('threads').notNull(),
    width: integer('width').notNull(),
    height: integer('height').notNull(),
    inferences: integer('inferences').notNull(),
    perSecond: doublePrecision('per_second').notNull(),
    latencyMs: jsonb('latency_ms').$type<Percentiles>().notNull(),
    besideLoad: boolean('beside_load').notNull(),
  },
  (table) => [
    index('benchmarks_by_device').on(table.deviceId, table.at),
    index('benchmarks_by_model').on(table.modelVersion, table.hardware),
  ],
);

// ---- frames and labels --------------------------------------------------------------------------------------

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

// ---- datasets, training, models -----------------------------------------------------------------------------

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

/** Work done outside the request, claimed with SKIP LOCKED; a job whose lease ran out is taken up again. */
export const jobs = pgTable(
  'jobs',
  {
    id: text('id').primaryKey(),
    kind: text('kind').notNull(),
    payload: jsonb('payload').$type<Record<string, unknown>>().notNull(),
    state: text('state')
      .$type<'queued' | 'running' | 'done' | 'failed' | 'cancelled'>()
      .notNull()
      .default('queued'),
    attempts: integer('attempts').notNull().default(0),
    leaseExpiresAt: at('lease_expires_at'),
    createdAt: now('created_at'),
    finishedAt: at('finished_at'),
    error: text('error'),
  },
  (table) => [index('jobs_by_state').on(table.state, table.createdAt)],
);

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

// ---- import and export -------------------------------------------------------------------------------------

/** One archive that comes in or goes out. Its files lie in `transfers/<id>` of the data folder. */
export const transfers = pgTable('transfers', {
  id: text('id').primaryKey(),
  number: serial('number').notNull(),
  direction: text('direction').$type<'import' | 'export'>().notNull(),
  state: text('state').$type<(typeof transferStates)[number]>().notNull(),
  /** Null until an archive is read. */
  format: text('format').$type<FormatName>(),
  fileName: text('file_name').notNull(),
  /** Of the archive; 0 while an export is made. */
  bytes: bigint('bytes', { mode: 'number' }).notNull(),
  exportOptions: jsonb('export_options').$type<ExportOptions>(),
  importOptions: jsonb('import_options').$type<ImportOptions>(),
  /** What the archive holds, once it is read. */
  contents: jsonb('contents').$type<ArchiveContents>(),
  progress: jsonb('progress').$type<{
    phase: 'reading' | 'taking' | 'writing';
    done: number;
    total: number;
  }>(),
  /** Lines of the plan that an import has done, and what came of them: in step with the rows it wrote. */
  line: integer('line').notNull().default(0),
  counts: jsonb('counts').$type<ImportCounts>(),
  createdAt: now('created_at'),
  createdBy: text('created_by').notNull(),
  startedAt: at('started_at'),
  finishedAt: at('finished_at'),
  /** When its files go. */
  expiresAt: at('expires_at'),
  errorCode: text('error_code'),
  errorMessage: text('error_message'),
});

/** What of an archive did not go in, or not as it was: one row a file and reason. */
export const importIssues = pgTable(
  'import_issues',
  {
    importId: text('import_id')
      .notNull()
      .references(() => transfers.id),
    /** Line of the plan; several of one line are told apart by `part`. */
    line: integer('line').notNull(),
    part: integer('part').notNull(),
    name: text('name').notNull(),
    code: text('code').notNull(),
    message: text('message').notNull(),
  },
  (table) => [primaryKey({ columns: [table.importId, table.line, table.part] })],
);

// ---- rollouts -----------------------------------------------------------------------------------------------

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

/** Facts of the whole server, one row each: release counter, queue order state, … */
export const settings = pgTable('settings', {
  key: text('key').primaryKey(),
  value: jsonb('value').$type<unknown>().notNull(),
  updatedAt: now('updated_at'),
});

export const nowSql = sql`now()`;
