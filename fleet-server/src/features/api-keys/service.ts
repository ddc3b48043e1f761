import { randomUUID } from 'node:crypto';
import { LinesideError } from '@lineside/shared';
import { and, desc, eq, gt, isNull, lt, or } from 'drizzle-orm';
import { apiKeys, users } from '../../db/schema.js';
import { type Actor, type Role, roles } from '../../http/route.js';
import type { Services } from '../../services.js';
import { hashToken, newToken } from '../auth/tokens.js';
import type { ApiKey, NewApiKey } from './schemas.js';

const dayMs = 86_400_000;
/** How exactly the last use is known. */
const lastUseMs = 60_000;
/** So that a key that leaked into a text can be recognised as one. */
const prefix = 'lsk_';

type Row = { key: typeof apiKeys.$inferSelect; owner: typeof users.$inferSelect };

const stateOf = ({ key, owner }: Row, now: number): ApiKey['state'] => {
  if (key.revokedAt) return 'revoked';
  if (key.expiresAt.getTime() <= now) return 'expired';
  return owner.disabledAt ? 'owner_disabled' : 'valid';
};

const toApiKey = (row: Row, now: number): ApiKey => ({
  id: row.key.id,
  name: row.key.name,
  owner: row.owner.email,
  role: row.key.role,
  writes: row.key.writes,
  createdAt: row.key.createdAt.toISOString(),
  expiresAt: row.key.expiresAt.toISOString(),
  lastUsedAt: row.key.lastUsedAt?.toISOString() ?? null,
  state: stateOf(row, now),
});

const selected = (services: Services) =>
  services.database.db
    .select({ key: apiKeys, owner: users })
    .from(apiKeys)
    .innerJoin(users, eq(users.id, apiKeys.ownerId));

const lower = (one: Role, other: Role): Role => (roles.indexOf(one) < roles.indexOf(other) ? one : other);

export async function listApiKeys(services: Services): Promise<ApiKey[]> {
  const rows = await selected(services).orderBy(desc(apiKeys.createdAt), desc(apiKeys.id));
  return rows.map((row) => toApiKey(row, services.now()));
}

async function apiKeyById(services: Services, id: string): Promise<ApiKey> {
  const [row] = await selected(services).where(eq(apiKeys.id, id));
  if (!row) throw new LinesideError('not_found', `There is no API key ${id}.`);
  return toApiKey(row, services.now());
}

/** @returns the key and its secret, which is not kept and cannot be read again */
export async function createApiKey(
  services: Services,
  actor: Actor,
  { name, role, writes, days }: NewApiKey,
): Promise<{ key: ApiKey; secret: string }> {
  const secret = prefix + newToken();
  const id = randomUUID();
  const expiresAt = new Date(services.now() + days * dayMs);
  await services.database.db.insert(apiKeys).values({
    id,
    name,
    tokenHash: hashToken(secret),
    ownerId: actor.id,
    role,
    writes,
    createdAt: new Date(services.now()),
    expiresAt,
  });
  const detail = { name, role, writes, expiresAt: expiresAt.toISOString() };
  await services.audit.record({ actor: actor.email, action: 'api-key.create', subject: id, detail });
  return { key: await apiKeyById(services, id), secret };
}

/** @throws LinesideError `not_found` */
export async function revokeApiKey(services: Services, actor: Actor, id: string): Promise<ApiKey> {
  const revoked = await services.database.db
    .update(apiKeys)
    .set({ revokedAt: new Date(services.now()) })
    .where(and(eq(apiKeys.id, id), isNull(apiKeys.revokedAt)))
    .returning({ id: apiKeys.id });
  if (revoked.length > 0) {
    await services.audit.record({ actor: actor.email, action: 'api-key.revoke', subject: id });
  }
  return apiKeyById(services, id);
}

/**
 * The person a key acts for, with the lower of both roles, and whether it may write.
 * @throws LinesideError `api_key_invalid`
 */
export async function actorOfKey(
  services: Services,
  secret: string,
): Promise<{ actor: Actor; writes: boolean }> {
  const now = new Date(services.now());
  const [row] = await selected(services).where(
    and(
      eq(apiKeys.tokenHash, hashToken(secret)),
      isNull(apiKeys.revokedAt),
      isNull(users.disabledAt),
      gt(apiKeys.expiresAt, now),
    ),
  );
  if (!row) throw new LinesideError('api_key_invalid');
  const { key, owner } = row;
  const before = new Date(now.getTime() - lastUseMs);
  if (!key.lastUsedAt || key.lastUsedAt < before) {
    await services.database.db
      .update(apiKeys)
      .set({ lastUsedAt: now })
      .where(and(eq(apiKeys.id, key.id), or(isNull(apiKeys.lastUsedAt), lt(apiKeys.lastUsedAt, before))));
  }
  const { id, email, name } = owner;
  return {
    actor: { id, email, name, role: lower(key.role, owner.role), apiKeyId: key.id },
    writes: key.writes,
  };
}
