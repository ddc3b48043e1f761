import { Metadata, type Root } from '@tufjs/models';
import { KeyRing, keepSigningKey, newSigningKey, type SigningKey } from './signing-keys.js';
import {
  keysOf,
  leastThreshold,
  makeRoot,
  nextRoot,
  type OnlineRole,
  onlineRoles,
  type RoleName,
  requireSuccessor,
  roleOf,
} from './tuf-root.js';

const dayMs = 86_400_000;
export const lifetimeDays = { root: 3650, targets: 365, snapshot: 60, timestamp: 14 } as const;
export const rootKeys = 3;

export const expiry = (role: RoleName, nowMs: number): string =>
  new Date(nowMs + lifetimeDays[role] * dayMs).toISOString().replace(/\.\d+Z$/, 'Z');

const newRootKeys = (): SigningKey[] => Array.from({ length: rootKeys }, newSigningKey);

/** Keys are durable before a root names them. */
async function keep(folder: string, role: RoleName, keys: readonly SigningKey[]): Promise<void> {
  for (const key of keys) await keepSigningKey(folder, role, key);
}

/** Keys of the server's own, and a root that names them. */
export async function firstRoot(
  keyFolder: string,
  expires: string,
): Promise<{ root: Metadata<Root>; ring: KeyRing }> {
  const root = newRootKeys();
  const online = { targets: newSigningKey(), snapshot: newSigningKey(), timestamp: newSigningKey() };
  await keep(keyFolder, 'root', root);
  for (const role of onlineRoles) await keep(keyFolder, role, [online[role]]);
  const one = (role: OnlineRole) => ({ keys: [online[role].key], threshold: 1 });
  const signed = makeRoot(1, expires, {
    root: { keys: root.map(({ key }) => key), threshold: leastThreshold },
    targets: one('targets'),
    snapshot: one('snapshot'),
    timestamp: one('timestamp'),
  });
  return signedRoot(keyFolder, signed, signed);
}

/** Three root keys in place of what there was; the old key vouches for them. */
export async function strongerRoot(
  keyFolder: string,
  current: Root,
  expires: string,
): Promise<{ root: Metadata<Root>; ring: KeyRing }> {
  const fresh = newRootKeys();
  await keep(keyFolder, 'root', fresh);
  const change = {
    addRoot: fresh.map(({ key }) => key),
    dropRoot: roleOf(current, 'root').keyIDs,
    threshold: leastThreshold,
  };
  return signedRoot(keyFolder, current, nextRoot(current, change, expires));
}

async function signedRoot(
  keyFolder: string,
  before: Root,
  next: Root,
): Promise<{ root: Metadata<Root>; ring: KeyRing }> {
  const ring = await KeyRing.open(keyFolder);
  const root = new Metadata(next);
  const signers = [...keysOf(before, 'root'), ...keysOf(next, 'root')].map(({ keyID }) => keyID);
  ring.sign(root, [...new Set(signers)]);
  if (before !== next) requireSuccessor(before, root);
  return { root, ring };
}
