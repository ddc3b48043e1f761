import { readFile, unlink } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { LinesideError } from '@lineside/shared';
import { Metadata, type Root } from '@tufjs/models';
import { syncFolder, writeDurable } from '../files/durable.js';
import { lockFolder } from '../files/folder-lock.js';
import { type KeyStatus, keyStatus } from './key-status.js';
import { expiry, rootKeys } from './make-root.js';
import { KeyRing, keepSigningKey, newSigningKey, readSigningKey, signWith, toKey } from './signing-keys.js';
import { TufRepository } from './tuf-repository.js';
import {
  countSignatures,
  keysOf,
  newestRoot,
  nextRoot,
  type OnlineRole,
  onlineRoles,
  parseRoot,
  type RoleName,
  type RootSignatures,
  requireSuccessor,
  roleOf,
  rootText,
} from './tuf-root.js';

/** Where the keys and the repository of a server lie. */
export interface Place {
  readonly dataDir: string;
  readonly now: () => number;
}

export interface Proposal {
  /** The next root, with the signatures it has so far. */
  readonly text: string;
  readonly signatures: RootSignatures;
  readonly complete: boolean;
}

export interface Change {
  /** Raw ed25519 public keys, hex. */
  readonly addRoot?: readonly string[];
  /** Ids, or beginnings of them. */
  readonly dropRoot?: readonly string[];
  readonly threshold?: number | undefined;
  /** Roles that get a new key, which stays on the server. */
  readonly rotate?: readonly OnlineRole[];
}

const trustOf = ({ dataDir }: Place): string => join(dataDir, 'trust');
const tufOf = ({ dataDir }: Place): string => join(dataDir, 'tuf');

/** @throws LinesideError `storage_locked` while the server runs */
async function offline<T>(place: Place, work: () => Promise<T>): Promise<T> {
  const lock = await lockFolder(join(place.dataDir, 'server.lock'));
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

async function currentRoot(place: Place): Promise<Root> {
  const root = await newestRoot(tufOf(place)).catch(() => null);
  if (!root) throw new LinesideError('not_found', `${place.dataDir}: no signed repository here yet`);
  return root.signed;
}

/** The one key of these that begins so. @throws LinesideError `not_found` where there is none, or more than one */
function fullId(ids: readonly string[], beginning: string): string {
  const [found, ...others] = ids.filter((id) => id.startsWith(beginning));
  if (!found || others.length > 0) throw new LinesideError('not_found', `no one key ${beginning}`);
  return found;
}

/** Opens the repository, and so makes keys and first root where there are none. */
export const initCeremony = (place: Place): Promise<KeyStatus> =>
  offline(place, async () =>
    keyStatus(await TufRepository.open(tufOf(place), trustOf(place), place.now), place.now()),
  );

/** Makes a key pair in a file of its own, on any machine. */
export async function newKeyFile(path: string): Promise<{ id: string; publicKey: string }> {
  const made = newSigningKey();
  await writeDurable(path, made.secret.export({ type: 'pkcs8', format: 'pem' }).toString(), { mode: 0o600 });
  return { id: made.key.keyID, publicKey: made.key.keyVal.public ?? '' };
}

/**
 * Moves root keys from the server to a folder, such as on a stick: written, read back, and only then deleted here.
 * @param ids beginnings of ids; none: every root key that is here
 */
export const exportRootKeys = (
  place: Place,
  folder: string,
  ids: readonly string[],
): Promise<{ id: string; path: string }[]> =>
  offline(place, async () => {
    if (!relative(resolve(place.dataDir), resolve(folder)).startsWith('..')) {
      throw new LinesideError('request_invalid', `${folder} is within the folder of the server`);
    }
    const root = await currentRoot(place);
    const ring = await KeyRing.open(trustOf(place));
    const all = roleOf(root, 'root').keyIDs;
    const wanted = (ids.length > 0 ? ids.map((id) => fullId(all, id)) : all).filter(ring.has);
    if (wanted.length === 0) throw new LinesideError('not_found', 'no such root key is on this server');
    const moved: { id: string; path: string }[] = [];
    for (const id of wanted) {
      const from = ring.pathOf(id) ?? '';
      const path = await keepSigningKey(folder, 'root', await readSigningKey(from));
      if ((await readSigningKey(path)).key.keyID !== id) {
        throw new LinesideError('storage_failed', `${path}: not what was written`);
      }
      await unlink(from);
      await syncFolder(trustOf(place));
      moved.push({ id, path });
    }
    return moved;
  });

const asProposal = (current: Root, next: Metadata<Root>): Proposal => {
  const signatures = countSignatures(current, next);
  const { before, own } = signatures;
  return {
    text: rootText(next),
    signatures,
    complete: before.have >= before.need && own.have >= own.need,
  };
};

/** The next root, signed with whatever root keys are on the server. Nothing changes until it is applied. */
export const propose = (place: Place, change: Change): Promise<Proposal> =>
  offline(place, async () => {
    const current = await currentRoot(place);
    const online: Partial<Record<OnlineRole, ReturnType<typeof toKey>[]>> = {};
    for (const role of change.rotate ?? []) {
      const fresh = newSigningKey();
      await keepSigningKey(trustOf(place), role, fresh);
      online[role] = [fresh.key];
    }
    const dropRoot = (change.dropRoot ?? []).map((id) => fullId(roleOf(current, 'root').keyIDs, id));
    const next = new Metadata(
      nextRoot(
        current,
        {
          addRoot: (change.addRoot ?? []).map(toKey),
          dropRoot,
          ...(change.threshold === undefined ? {} : { threshold: change.threshold }),
          online,
        },
        expiry('root', place.now()),
      ),
    );
    const signers = [...keysOf(current, 'root'), ...keysOf(next.signed, 'root')];
    (await KeyRing.open(trustOf(place))).sign(next, [...new Set(signers.map(({ keyID }) => keyID))]);
    return asProposal(current, next);
  });

/**
 * New keys for these roles at once, where enough root keys are on the server; those of the root stay on it too.
 * @throws LinesideError `artifact_untrusted` where people have to sign: propose instead
 */
export async function rotate(place: Place, roles: readonly RoleName[]): Promise<KeyStatus> {
  const { keyIDs, threshold } = roleOf(await currentRoot(place), 'root');
  const here = keyIDs.filter((await KeyRing.open(trustOf(place))).has).length;
  if (here < threshold) {
    throw new LinesideError(
      'artifact_untrusted',
      `${here} of ${threshold} root keys are on this server: propose a root and sign it`,
    );
  }
  const fresh = roles.includes('root') ? Array.from({ length: rootKeys }, newSigningKey) : [];
  for (const key of fresh) await keepSigningKey(trustOf(place), 'root', key);
  const { text } = await propose(place, {
    addRoot: fresh.map(({ key }) => key.keyVal.public ?? ''),
    dropRoot: fresh.length > 0 ? keyIDs : [],
    rotate: onlineRoles.filter((role) => roles.includes(role)),
  });
  return applyProposal(place, text);
}

/** Adds a signature to a proposal, on any machine. @throws LinesideError `request_invalid` for a file that is no key */
export async function signProposal(text: string, keyPath: string): Promise<{ text: string; root: Root }> {
  const next = parseRoot(text);
  signWith(next, await readSigningKey(keyPath));
  return { text: rootText(next), root: next.signed };
}

/**
 * Makes a proposal the root of the fleet and signs all below it anew with the keys it names.
 * @throws LinesideError `artifact_untrusted` where signatures are missing, `conflict` where it does not follow,
 * `signing_key_missing` where the server would not be able to sign afterwards
 */
export const applyProposal = (place: Place, text: string): Promise<KeyStatus> =>
  offline(place, async () => {
    const current = await currentRoot(place);
    const next = parseRoot(text);
    requireSuccessor(current, next);
    const ring = await KeyRing.open(trustOf(place));
    for (const role of onlineRoles) {
      const { keyIDs, threshold } = roleOf(next.signed, role);
      if (keyIDs.filter(ring.has).length < threshold) {
        throw new LinesideError('signing_key_missing', `${role}: its new key is not on this server`);
      }
    }
    await writeDurable(join(tufOf(place), `${next.signed.version}.root.json`), rootText(next));
    const repository = await TufRepository.open(tufOf(place), trustOf(place), place.now);
    await repository.signAll();
    return keyStatus(repository, place.now());
  });

/** The state of the keys as the folder has it; the server may run. */
export async function readKeyStatus(place: Place): Promise<KeyStatus> {
  await currentRoot(place);
  return keyStatus(await TufRepository.read(tufOf(place), trustOf(place), place.now), place.now());
}

/** @throws LinesideError `request_invalid` */
export async function readPublicKey(path: string): Promise<string> {
  const text = (await readFile(path, 'utf8')).trim();
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  if (text.includes('PRIVATE KEY')) return (await readSigningKey(path)).key.keyVal.public ?? '';
  throw new LinesideError('request_invalid', `${path}: neither a public key in hex nor a private one in PEM`);
}
