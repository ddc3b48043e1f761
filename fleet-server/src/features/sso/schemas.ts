import Type from 'typebox';
import { IdParams, Nothing, Nullable } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

export const signInWays = defineRoute({
  method: 'GET',
  url: '/auth/ways',
  tag: 'auth',
  summary: 'How people sign in here',
  access: 'public',
  response: Type.Object({
    sso: Nullable(Type.Object({ label: Type.String() })),
    passwords: Type.Boolean({ description: 'False: only for the few whom the configuration names' }),
  }),
});
export const startSso = defineRoute({
  method: 'POST',
  url: '/auth/sso/start',
  tag: 'auth',
  summary: 'Begin single sign-on; send the browser to the address in the answer',
  access: 'public',
  body: Type.Object({
    next: Type.Optional(
      Type.String({
        maxLength: 500,
        pattern: '^/(?![/\\\\])',
        description: 'Path of the console to go on to',
      }),
    ),
    link: Type.Optional(Type.Boolean({ description: 'Link the identity to the account that is signed in' })),
    token: Type.Optional(
      Type.String({ minLength: 16, maxLength: 200, description: 'Of a one-time link: spent by signing in' }),
    ),
  }),
  response: Type.Object({ url: Type.String() }),
});
/** Where the identity provider sends the browser back to. */
export const finishSso = defineRoute({
  method: 'GET',
  url: '/auth/sso/callback',
  tag: 'auth',
  summary: 'End of single sign-on; leads on to the console, also when it failed',
  access: 'public',
});
export const unlinkSso = defineRoute({
  method: 'POST',
  url: '/users/:id/unlink-sso',
  tag: 'users',
  summary: 'Forget the identity someone signs in with by single sign-on, and end their sessions',
  access: 'admin',
  personOnly: true,
  params: IdParams,
  response: Nothing,
});
