import { LinesideError } from '@lineside/shared';

/** `<secret base64url>.<SHA-256 of the fleet CA certificate, DER, hex>`: spends once, and says whom to spend it with. */
export interface ClaimToken {
  text: string;
  caFingerprint: string;
}

const pattern = /^[A-Za-z0-9_-]{8,130}\.([0-9a-f]{64})$/;

/** @throws LinesideError `claim_token_invalid`; the message never holds the secret. */
export function parseClaimToken(text: string): ClaimToken {
  const trimmed = text.trim();
  const fingerprint = pattern.exec(trimmed)?.[1];
  if (!fingerprint) {
    throw new LinesideError(
      'claim_token_invalid',
      'The claim token does not have the form secret.fingerprint.',
    );
  }
  return { text: trimmed, caFingerprint: fingerprint };
}
