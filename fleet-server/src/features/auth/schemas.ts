import Type, { type Static } from 'typebox';
import { Nothing } from '../../http/page.js';
import { defineRoute, Role } from '../../http/route.js';

export const Me = Type.Object({
  id: Type.String(),
  email: Type.String(),
  name: Type.String(),
  role: Role,
  hasPassword: Type.Boolean({ description: 'False until the first password is set after a one-time link' }),
  sso: Type.Boolean({ description: 'Whether an identity of single sign-on is linked' }),
  secondFactor: Type.Enum(['off', 'on', 'due'], {
    description: 'due: the role needs one, and until it is on nothing else is open',
  }),
  timeZone: Type.Union([Type.String(), Type.Null()], {
    description: 'Of the plant, in which times are shown; null: that of whoever looks',
  }),
});
export type Me = Static<typeof Me>;
const Password = Type.String({ minLength: 12, maxLength: 200 });
/** Six digits of the app, or a recovery code. */
export const Code = Type.String({ minLength: 6, maxLength: 40 });
export const KnownPassword = Type.String({ maxLength: 200 });

export const signIn = defineRoute({
  method: 'POST',
  url: '/auth/sign-in',
  tag: 'auth',
  summary: 'Sign in with e-mail, password and, where a second factor is on, its code or a recovery code',
  access: 'public',
  body: Type.Object({
    email: Type.String({ maxLength: 200 }),
    password: KnownPassword,
    code: Type.Optional(Code),
  }),
  response: Me,
});
export const signInByLink = defineRoute({
  method: 'POST',
  url: '/auth/link',
  tag: 'auth',
  summary: 'Sign in with a one-time link token',
  access: 'public',
  body: Type.Object({ token: Type.String({ minLength: 16, maxLength: 200 }) }),
  response: Me,
});
export const signOut = defineRoute({
  method: 'POST',
  url: '/auth/sign-out',
  tag: 'auth',
  summary: 'End this session',
  access: 'viewer',
  personOnly: true,
  whileEnrolling: true,
  response: Nothing,
});
export const me = defineRoute({
  method: 'GET',
  url: '/auth/me',
  tag: 'auth',
  summary: 'Who is signed in',
  access: 'viewer',
  whileEnrolling: true,
  response: Me,
});
export const setPassword = defineRoute({
  method: 'PUT',
  url: '/auth/password',
  tag: 'auth',
  summary: 'Set or change your password',
  access: 'viewer',
  personOnly: true,
  whileEnrolling: true,
  perMinute: 10,
  body: Type.Object({ current: Type.Optional(KnownPassword), password: Password }),
  response: Me,
});
