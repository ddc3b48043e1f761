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
    action: Type.Optional(Type.String()),
    subject: Type.Optional(Type.String()),
  }),
  response: Page(AuditEntry),
});
