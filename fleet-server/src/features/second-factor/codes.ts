import { randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';

/** As every authenticator app expects them (RFC 6238): SHA-1, six digits, thirty seconds. */
const shape = { issuer: 'Lineside', algorithm: 'SHA1', digits: 6, period: 30 } as const;
/** Steps that a phone's clock may be off. */
const tolerance = 1;
const recoveryCount = 10;

/** 160 bits, base32. */
export const newSecret = (): string => new Secret({ size: 20 }).base32;

const generatorOf = (secret: string, label = ''): TOTP =>
  new TOTP({ ...shape, label, secret: Secret.fromBase32(secret) });

/** What the QR code holds. */
export const addressOf = (secret: string, email: string): string => generatorOf(secret, email).toString();

/** The time step that a code belongs to; null: it is none of now. */
export function stepOf(secret: string, code: string, nowMs: number): number | null {
  const generator = generatorOf(secret);
  const delta = generator.validate({ token: code, timestamp: nowMs, window: tolerance });
  return delta === null ? null : generator.counter({ timestamp: nowMs }) + delta;
}

/** As it is compared, however a person writes it. */
export const plainCode = (typed: string): string => typed.replace(/[\s-]/g, '').toUpperCase();

export const isTimed = (plain: string): boolean => /^\d{6}$/.test(plain);

/** 80 random bits each, in groups that can be written down. */
export const newRecoveryCodes = (): string[] =>
  Array.from({ length: recoveryCount }, () =>
    (new Secret({ buffer: new Uint8Array(randomBytes(10)).buffer }).base32.match(/.{4}/g) ?? []).join('-'),
  );
