import { createHash } from 'node:crypto';

/** What an entry says, in the form that is hashed. */
export interface Statement {
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: Record<string, unknown>;
}

/** What comes before the first entry of a chain. */
export const chainStart = '0'.repeat(64);

/**
 * SHA-256, hex, over the hash of the entry before and this entry as JSON with sorted keys: jsonb keeps neither the order
 * of keys nor the spelling of numbers.
 */
export function entryHash(previous: string, { at, actor, action, subject, detail }: Statement): string {
  const statement = canonicalJson({ at: at.toISOString(), actor, action, subject, detail });
  return createHash('sha256').update(`${previous}\n${statement}`).digest('hex');
}

/** JSON with the keys of every object in the order of their code units. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}
