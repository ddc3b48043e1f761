import Type, { type Static } from 'typebox';
import { IdParams, Nullable, Timestamp } from '../../http/page.js';
import { defineRoute, Role } from '../../http/route.js';

export const User = Type.Object({
  id: Type.String(),
  email: Type.String(),
  name: Type.String(),
  role: Role,
  secondFactor: Type.Boolean({ description: 'Whether it is on' }),
  sso: Type.Boolean({ description: 'Whether an identity of single sign-on is linked' }),
  disabledAt: Nullable(Timestamp),
  createdAt: Timestamp,
});
export type User = Static<typeof User>;

export const listUsers = defineRoute({
  method: 'GET',
  url: '/users',
  tag: 'users',
  summary: 'All users',
  access: 'admin',
  response: Type.Object({ items: Type.Array(User) }),
});
export const createUser = defineRoute({
  method: 'POST',
  url: '/users',
  tag: 'users',
  summary: 'Add a user; the answer has a one-time sign-in link',
  access: 'admin',
  personOnly: true,
  status: 201,
  body: Type.Object({
    email: Type.String({ minLength: 3, maxLength: 200 }),
    name: Type.String({ minLength: 1, maxLength: 100 }),
    role: Role,
  }),
  response: Type.Object({
    user: User,
    signInPath: Type.String({ description: 'Path on this server, valid once' }),
  }),
});
export const updateUser = defineRoute({
  method: 'PATCH',
  url: '/users/:id',
  tag: 'users',
  summary: 'Change role or name, disable or enable',
  access: 'admin',
  personOnly: true,
  params: IdParams,
  body: Type.Object({
    role: Type.Optional(Role),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    disabled: Type.Optional(Type.Boolean()),
  }),
  response: User,
});
