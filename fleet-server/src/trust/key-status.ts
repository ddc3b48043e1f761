import type { Root } from '@tufjs/models';
import type { KeyRing } from './signing-keys.js';
import { type RoleName, roleNames, roleOf } from './tuf-root.js';

const dayMs = 86_400_000;
/** So long before the root runs out people have to gather and sign the next one. */
const rootNoticeDays = 90;

export interface RoleStatus {
  role: RoleName;
  version: number;
  /** ISO 8601 */
  expires: string;
  threshold: number;
  keys: { id: string; here: boolean }[];
}

export interface KeyStatus {
  roles: RoleStatus[];
  /** What a person should do something about. */
  warnings: { code: 'root_keys_online' | 'signing_key_missing' | 'expires_soon'; message: string }[];
}

/** What the state of the keys is read from. */
interface Repository {
  readonly root: Root;
  readonly keyRing: KeyRing;
  expiries(): Promise<Record<RoleName, { version: number; expires: string }>>;
  missingKeys(): RoleName[];
}

/** Which keys sign for the fleet, which of them lie on this server, and when what they signed runs out. */
export async function keyStatus(repository: Repository, nowMs: number): Promise<KeyStatus> {
  const { root, keyRing } = repository;
  const expiries = await repository.expiries();
  const roles = roleNames.map((role): RoleStatus => {
    const { keyIDs, threshold } = roleOf(root, role);
    const keys = keyIDs.map((id) => ({ id, here: keyRing.has(id) }));
    return { role, ...expiries[role], threshold, keys };
  });
  const warnings: KeyStatus['warnings'] = [];
  const rootHere = roles[0]?.keys.filter(({ here }) => here).length ?? 0;
  if (rootHere >= roleOf(root, 'root').threshold) {
    warnings.push({
      code: 'root_keys_online',
      message: `${rootHere} root keys lie on this server: whoever breaks into it can take the fleet over. Stop it and take them away: lineside keys export`,
    });
  }
  for (const role of repository.missingKeys()) {
    warnings.push({
      code: 'signing_key_missing',
      message: `${role}: its key is not on this server; nothing can be released, and devices stop updating when what it signed runs out`,
    });
  }
  if (Date.parse(root.expires) - nowMs < rootNoticeDays * dayMs) {
    warnings.push({
      code: 'expires_soon',
      message: `the root runs out on ${root.expires}: propose, sign and apply the next one`,
    });
  }
  return { roles, warnings };
}
