import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LinesideError } from '@lineside/shared';
import { type Key, Metadata, MetadataKind, Root } from '@tufjs/models';

export const specVersion = '1.0.31';
export const roleNames = ['root', 'targets', 'snapshot', 'timestamp'] as const;
export type RoleName = (typeof roleNames)[number];
/** Roles whose keys sign while the server runs. */
export const onlineRoles = ['targets', 'snapshot', 'timestamp'] as const;
export type OnlineRole = (typeof onlineRoles)[number];

/** Fewer than two would let one stolen key take the fleet over. */
export const leastThreshold = 2;

const rootFile = /^([1-9]\d{0,8})\.root\.json$/;

/** @throws LinesideError `artifact_untrusted` when it is no root metadata, or one signature stands there twice */
export function parseRoot(text: string): Metadata<Root> {
  try {
    return Metadata.fromJSON(MetadataKind.Root, JSON.parse(text));
  } catch (error) {
    throw new LinesideError('artifact_untrusted', `no root metadata: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

export const rootText = (root: Metadata<Root>): string => `${JSON.stringify(root.toJSON(), null, 1)}\n`;

/** The newest root of a repository's folder; null where there is none. */
export async function newestRoot(folder: string): Promise<Metadata<Root> | null> {
  const versions = (await readdir(folder)).flatMap((name) => {
    const version = rootFile.exec(name)?.[1];
    return version ? [Number(version)] : [];
  });
  if (versions.length === 0) return null;
  return parseRoot(await readFile(join(folder, `${Math.max(...versions)}.root.json`), 'utf8'));
}

export const roleOf = (root: Root, role: RoleName): Root['roles'][string] => {
  const found = root.roles[role];
  if (!found) throw new LinesideError('artifact_untrusted', `the root names no ${role}`);
  return found;
};

export interface RoleKeys {
  readonly keys: readonly Key[];
  readonly threshold: number;
}

/** @throws LinesideError `request_invalid` where a threshold cannot be met, or a key has two roles */
export function makeRoot(
  version: number,
  expires: string,
  roles: Readonly<Record<RoleName, RoleKeys>>,
): Root {
  const seen = new Set<string>();
  for (const name of roleNames) {
    const { keys, threshold } = roles[name];
    const least = name === 'root' ? leastThreshold : 1;
    if (threshold < least || threshold > keys.length) {
      throw new LinesideError(
        'request_invalid',
        `${name}: ${threshold} of ${keys.length} keys; at least ${least}, and no more than there are`,
      );
    }
    for (const { keyID } of keys) {
      if (seen.has(keyID)) throw new LinesideError('request_invalid', `key ${keyID} is named twice`);
      seen.add(keyID);
    }
  }
  const all = roleNames.flatMap((name) => roles[name].keys);
  return Root.fromJSON({
    _type: MetadataKind.Root,
    spec_version: specVersion,
    version,
    expires,
    consistent_snapshot: true,
    keys: Object.fromEntries(all.map((key) => [key.keyID, key.toJSON()])),
    roles: Object.fromEntries(
      roleNames.map((name) => [
        name,
        { keyids: roles[name].keys.map(({ keyID }) => keyID), threshold: roles[name].threshold },
      ]),
    ),
  });
}

export const keysOf = (root: Root, role: RoleName): Key[] =>
  roleOf(root, role).keyIDs.flatMap((id) => root.keys[id] ?? []);

/** How a root differs from the one before it; what is not named stays. */
export interface RootChange {
  readonly addRoot?: readonly Key[];
  /** Ids of root keys. */
  readonly dropRoot?: readonly string[];
  readonly threshold?: number;
  /** New keys of roles that sign while the server runs. */
  readonly online?: Partial<Record<OnlineRole, readonly Key[]>>;
}

export function nextRoot(current: Root, change: RootChange, expires: string): Root {
  const { addRoot = [], dropRoot = [], online = {} } = change;
  const before = keysOf(current, 'root');
  const unknown = dropRoot.filter((id) => !before.some(({ keyID }) => keyID === id));
  if (unknown.length > 0) throw new LinesideError('request_invalid', `no root key ${unknown.join(', ')}`);
  const kept = before.filter(({ keyID }) => !dropRoot.includes(keyID));
  const threshold = change.threshold ?? Math.max(leastThreshold, roleOf(current, 'root').threshold);
  const role = (name: OnlineRole): RoleKeys => {
    const keys = online[name] ?? keysOf(current, name);
    return { keys, threshold: Math.min(keys.length, roleOf(current, name).threshold) };
  };
  return makeRoot(current.version + 1, expires, {
    root: { keys: [...kept, ...addRoot], threshold },
    targets: role('targets'),
    snapshot: role('snapshot'),
    timestamp: role('timestamp'),
  });
}

/** Signatures of a root, counted by whom they have to convince. */
export interface RootSignatures {
  /** Of keys of the root before. */
  readonly before: { readonly have: number; readonly need: number };
  /** Of its own keys. */
  readonly own: { readonly have: number; readonly need: number };
}

function count(judge: Root, root: Metadata<Root>): { have: number; need: number } {
  const { threshold } = roleOf(judge, 'root');
  const have = keysOf(judge, 'root').filter((key) => {
    try {
      key.verifySignature(root);
      return true;
    } catch {
      return false;
    }
  }).length;
  return { have, need: threshold };
}

export const countSignatures = (current: Root, next: Metadata<Root>): RootSignatures => ({
  before: count(current, next),
  own: count(next.signed, next),
});

/**
 * Whether devices that trust `current` will follow to `next` (TUF 5.3.4 to 5.3.6).
 * @throws LinesideError `artifact_untrusted`, `conflict` when it is not the next version
 */
export function requireSuccessor(current: Root, next: Metadata<Root>): void {
  if (next.signed.version !== current.version + 1) {
    throw new LinesideError(
      'conflict',
      `root ${next.signed.version} does not follow root ${current.version}`,
    );
  }
  const { before, own } = countSignatures(current, next);
  if (before.have < before.need || own.have < own.need) {
    throw new LinesideError(
      'artifact_untrusted',
      `root ${next.signed.version} has ${before.have} of ${before.need} signatures of the root before and ${own.have} of ${own.need} of its own`,
    );
  }
}
