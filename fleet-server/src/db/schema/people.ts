import { boolean, integer, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { Role } from '../../http/route.js';
import { at, now } from './columns.js';

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
