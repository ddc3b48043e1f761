import type { Percentiles, ReportedState, TelemetryMessage } from '@lineside/shared';
import { boolean, doublePrecision, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { at, now } from './columns.js';

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
