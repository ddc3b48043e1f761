import Type, { type Static } from 'typebox';
import { Page, PageQuery, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

export const AuditEntry = Type.Object({
  id: Type.Integer(),
  at: Timestamp,
  actor: Type.String({ description: 'E-mail of the user, device id, or system' }),
  action: Type.String({ description: 'subject.verb, such as rollout.start' }),
  subject: Type.String(),
  detail: Type.Record(Type.String(), Type.Unknown()),
  hash: Type.Union([Type.String(), Type.Null()], {
    description:
      'SHA-256 over the hash of the entry before and this one, hex; null: from before there was a chain',
  }),
});
export type AuditEntry = Static<typeof AuditEntry>;

export const listAudit = defineRoute({
  method: 'GET',
  url: '/audit',
  tag: 'audit',
  summary: 'Who did what, newest first',
  access: 'admin',
  query: Type.Object({
    ...PageQuery,
    action: Type.Optional(Type.String({ description: 'Exactly, or all of a subject: `rollout`' })),
    subject: Type.Optional(Type.String()),
    actor: Type.Optional(Type.String()),
    text: Type.Optional(
      Type.String({
        maxLength: 200,
        description: 'Words, each part of the actor, the action, the subject or the detail',
      }),
    ),
    from: Type.Optional(Type.String({ format: 'date-time', description: 'At or after' })),
    until: Type.Optional(Type.String({ format: 'date-time', description: 'Before' })),
  }),
  response: Page(AuditEntry),
});

const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' });

export const AuditVerification = Type.Object({
  intact: Type.Boolean({
    description: 'Every entry follows from the one before, and the kept hash is there',
  }),
  entries: Type.Integer({ description: 'Entries of the chain that were found to be right' }),
  unchained: Type.Integer({ description: 'Entries from before there was a chain' }),
  head: Type.String({ description: 'Hash of the last right entry: keep it elsewhere and give it next time' }),
  broken: Type.Union([Type.Object({ id: Type.Integer(), at: Timestamp }), Type.Null()], {
    description: 'The first entry that does not follow from the one before it',
  }),
  keptFound: Type.Union([Type.Boolean(), Type.Null()], { description: 'null: none was given' }),
});
export type AuditVerification = Static<typeof AuditVerification>;

export const verifyAudit = defineRoute({
  method: 'GET',
  url: '/audit/verification',
  tag: 'audit',
  summary: 'Whether the audit log is as it was written',
  access: 'admin',
  query: Type.Object({
    kept: Type.Optional({
      ...Hash,
      description: 'Hash of an entry that was seen before: tells whether the end was cut off',
    }),
  }),
  response: AuditVerification,
});
