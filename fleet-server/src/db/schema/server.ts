import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, serial, text } from 'drizzle-orm/pg-core';
import { at, now } from './columns.js';

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

/** Facts of the whole server, one row each: release counter, queue order state, … */
export const settings = pgTable('settings', {
  key: text('key').primaryKey(),
  value: jsonb('value').$type<unknown>().notNull(),
  updatedAt: now('updated_at'),
});

export const nowSql = sql`now()`;
