import Type, { type Static } from 'typebox';
import { IdParams, Nothing, Nullable, Timestamp } from '../../http/page.js';
import { defineRoute, Role } from '../../http/route.js';
import { Code, KnownPassword, Me } from '../auth/schemas.js';

/** Guesses at a password from a session that somebody left open are slow too. */
const perMinute = 10;

export const SecondFactor = Type.Object({
  since: Nullable(Timestamp),
  recoveryCodesLeft: Type.Integer(),
  needed: Type.Boolean({ description: 'The role needs one, so it cannot be turned off' }),
});
export type SecondFactor = Static<typeof SecondFactor>;

export const SignInRules = Type.Object(
  {
    secondFactorFor: Type.Array(Role, {
      uniqueItems: true,
      maxItems: 4,
      description: 'Roles that need a second factor, from the next sign-in on',
    }),
  },
  { additionalProperties: false },
);
export type SignInRules = Static<typeof SignInRules>;

const RecoveryCodes = Type.Object({
  recoveryCodes: Type.Array(Type.String(), { description: 'Shown once; each signs in once' }),
});
const Proof = Type.Object({ password: KnownPassword, code: Code });

export const getSecondFactor = defineRoute({
  method: 'GET',
  url: '/auth/second-factor',
  tag: 'auth',
  summary: 'Your second factor',
  access: 'viewer',
  whileEnrolling: true,
  response: SecondFactor,
});
export const beginSecondFactor = defineRoute({
  method: 'POST',
  url: '/auth/second-factor/secret',
  tag: 'auth',
  summary: 'A new secret for an authenticator app; it counts once a code of it is confirmed',
  access: 'viewer',
  personOnly: true,
  whileEnrolling: true,
  perMinute,
  body: Type.Object({ password: KnownPassword }),
  response: Type.Object({
    secret: Type.String({ description: 'Base32, to be typed' }),
    address: Type.String({ description: 'otpauth://…, to be shown as a QR code' }),
  }),
});
export const confirmSecondFactor = defineRoute({
  method: 'POST',
  url: '/auth/second-factor',
  tag: 'auth',
  summary: 'Turn on the second factor with a code of the app; other sessions end',
  access: 'viewer',
  personOnly: true,
  whileEnrolling: true,
  perMinute,
  body: Type.Object({ code: Code }),
  response: RecoveryCodes,
});
export const renewRecoveryCodes = defineRoute({
  method: 'POST',
  url: '/auth/second-factor/recovery-codes',
  tag: 'auth',
  summary: 'New recovery codes in place of the old ones',
  access: 'viewer',
  personOnly: true,
  perMinute,
  body: Proof,
  response: RecoveryCodes,
});
export const turnOffSecondFactor = defineRoute({
  method: 'POST',
  url: '/auth/second-factor/off',
  tag: 'auth',
  summary: 'Turn off your second factor',
  access: 'viewer',
  personOnly: true,
  perMinute,
  body: Proof,
  response: Me,
});
export const resetSecondFactor = defineRoute({
  method: 'POST',
  url: '/users/:id/reset-second-factor',
  tag: 'users',
  summary: 'Take off the second factor of someone who lost it, and end their sessions',
  access: 'admin',
  personOnly: true,
  params: IdParams,
  response: Nothing,
});
export const getSignInRules = defineRoute({
  method: 'GET',
  url: '/sign-in-rules',
  tag: 'users',
  summary: 'Who needs a second factor',
  access: 'admin',
  response: SignInRules,
});
export const setSignInRules = defineRoute({
  method: 'PUT',
  url: '/sign-in-rules',
  tag: 'users',
  summary: 'Set who needs a second factor',
  access: 'admin',
  personOnly: true,
  body: SignInRules,
  response: SignInRules,
});
