import { Secret, TOTP } from 'otpauth';

/** How long a code is on the screen. */
export const stepMs = 30_000;

/** What an authenticator app that holds this secret shows at a time. */
export const codeAt = (secret: string, nowMs: number): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: nowMs });
