import Type, { type Static } from 'typebox';
import { IdParams, Nullable, Timestamp } from '../../http/page.js';
import { defineRoute, Role } from '../../http/route.js';

export const longestDays = 730;

export const ApiKey = Type.Object({
  id: Type.String(),
  name: Type.String(),
  owner: Type.String({ description: 'E-mail of the person for whom the key acts' }),
  role: Type.Enum(Role.enum, { description: 'At most this; less where the owner has less' }),
  writes: Type.Boolean({ description: 'False: it may only read' }),
  createdAt: Timestamp,
  expiresAt: Timestamp,
  lastUsedAt: Nullable(Type.String({ format: 'date-time', description: 'To the minute' })),
  state: Type.Enum(['valid', 'expired', 'revoked', 'owner_disabled']),
});
export type ApiKey = Static<typeof ApiKey>;

export const NewApiKey = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 100 }),
  role: Role,
  writes: Type.Boolean(),
  days: Type.Integer({ minimum: 1, maximum: longestDays, description: 'How long it is valid' }),
});
export type NewApiKey = Static<typeof NewApiKey>;

export const listApiKeys = defineRoute({
  method: 'GET',
  url: '/api-keys',
  tag: 'users',
  summary: 'All API keys, newest first, those that are not valid any more too',
  access: 'admin',
  response: Type.Object({ items: Type.Array(ApiKey) }),
});
export const createApiKey = defineRoute({
  method: 'POST',
  url: '/api-keys',
  tag: 'users',
  summary: 'Make a key that acts for you; the answer has its secret, once',
  access: 'admin',
  personOnly: true,
  status: 201,
  body: NewApiKey,
  response: Type.Object({
    key: ApiKey,
    secret: Type.String({ description: 'Shown once. Authorization: Bearer <secret>' }),
  }),
});
export const revokeApiKey = defineRoute({
  method: 'POST',
  url: '/api-keys/:id/revoke',
  tag: 'users',
  summary: 'End a key at once',
  access: 'admin',
  params: IdParams,
  response: ApiKey,
});
