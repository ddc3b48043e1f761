import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { LinesideError, ModelManifest } from '@lineside/shared';
import { readTar, type TarEntry } from '../../../files/tar.js';
import { parseHead, type SerializedHead } from '../../../learning/head/head.js';
import type { WrittenFile } from '../../../learning/package-files.js';
import { fingerprintOf, isSignedBy } from '../../../trust/package-key.js';
import { pinnedFiles } from './export.js';
import { entryNames, fileEntry, isPackageSignature, isStatement, type Statement } from './format.js';

/** A package whose signature and hashes hold; its files are in the folder it was read into. */
export interface ReadPackage {
  readonly statement: Statement;
  /** Fingerprint of the key that signed it. */
  readonly signer: string;
  readonly manifest: ModelManifest;
  readonly head: SerializedHead | null;
  readonly files: ReadonlyMap<string, WrittenFile>;
}

const mostEntries = 32;
const mostJsonBytes = 64 << 20;
const corrupt = (why: string) => new LinesideError('artifact_corrupt', why);

/**
 * Reads a package, trusting nothing in it: first who signed it, then the hash of everything that is used.
 * @param trusts whether a fingerprint is of a fleet that models may come from
 * @throws LinesideError `artifact_untrusted`, `artifact_corrupt`, `payload_*` for the manifest, `model_invalid` for the head
 */
export async function readPackage(
  path: string,
  folder: string,
  trusts: (fingerprint: string) => boolean,
): Promise<ReadPackage> {
  const archive = await open(path, 'r');
  try {
    const entries = new Map((await readTar(archive, mostEntries)).map((entry) => [entry.name, entry]));
    const contentOf = (name: string) => readEntry(archive, entries.get(name), name);

    const signed = await contentOf(entryNames.statement);
    const signature = parseJson(await contentOf(entryNames.signature), entryNames.signature);
    if (!isPackageSignature.Check(signature)) throw corrupt('The signature is not of a known kind.');
    if (!isSignedBy(signature.publicKey, signature.signature, signed)) {
      throw new LinesideError('artifact_untrusted', 'The signature is not of this package.');
    }
    const signer = fingerprintOf(signature.publicKey);
    if (!trusts(signer)) {
      throw new LinesideError(
        'artifact_untrusted',
        `The package is signed by the fleet with key ${signer}, which was not named as trusted.`,
      );
    }
    const statement = parseJson(signed, entryNames.statement);
    if (!isStatement.Check(statement)) throw corrupt('The package is of a version that is not known here.');

    const manifestJson = await contentOf(entryNames.manifest);
    requireHash(manifestJson, statement.manifestSha256, entryNames.manifest);
    const manifest = ModelManifest.parse(parseJson(manifestJson, entryNames.manifest));
    const files = new Map<string, WrittenFile>();
    for (const { sha256, length } of pinnedFiles(manifest)) {
      const entry = entries.get(fileEntry(sha256));
      if (entry?.length !== length) throw corrupt(`File ${sha256} is missing or has another length.`);
      files.set(sha256, { path: await unpack(archive, entry, join(folder, sha256), sha256), sha256, length });
    }
    return { statement, signer, manifest, head: await headOf(statement, manifest, contentOf), files };
  } finally {
    await archive.close();
  }
}

async function headOf(
  { headSha256 }: Statement,
  manifest: ModelManifest,
  contentOf: (name: string) => Promise<Buffer>,
): Promise<SerializedHead | null> {
  if (headSha256 === null) return null;
  const json = await contentOf(entryNames.head);
  requireHash(json, headSha256, entryNames.head);
  const value = parseJson(json, entryNames.head);
  const { classIds, dimensions, space } = parseHead(value);
  const { embedding, classes } = manifest;
  if (
    space !== embedding.space ||
    dimensions !== embedding.dimensions ||
    classIds.join('\n') !== classes.map(({ id }) => id).join('\n')
  ) {
    throw new LinesideError('model_invalid', 'The head is not of the model in the manifest.');
  }
  return value as SerializedHead;
}

async function readEntry(archive: FileHandle, entry: TarEntry | undefined, name: string): Promise<Buffer> {
  if (!entry) throw corrupt(`The package has no ${name}.`);
  if (entry.length > mostJsonBytes) throw corrupt(`${name} is too large.`);
  const content = Buffer.alloc(entry.length);
  await archive.read(content, 0, entry.length, entry.offset);
  return content;
}

function parseJson(bytes: Buffer, name: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new LinesideError('artifact_corrupt', `${name} is not JSON.`, { cause: error });
  }
}

function requireHash(bytes: Buffer, sha256: string, name: string): void {
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
    throw corrupt(`${name} does not have the signed hash.`);
  }
}

const chunkBytes = 1 << 20;

async function unpack(archive: FileHandle, entry: TarEntry, path: string, sha256: string): Promise<string> {
  const hash = createHash('sha256');
  const target = await open(path, 'w', 0o640);
  try {
    const chunk = Buffer.alloc(chunkBytes);
    for (let done = 0; done < entry.length; ) {
      const wanted = Math.min(chunkBytes, entry.length - done);
      const { bytesRead } = await archive.read(chunk, 0, wanted, entry.offset + done);
      if (bytesRead === 0) throw corrupt('The archive is cut short.');
      const some = chunk.subarray(0, bytesRead);
      hash.update(some);
      await target.write(some);
      done += bytesRead;
    }
  } finally {
    await target.close();
  }
  if (hash.digest('hex') !== sha256) throw corrupt(`File ${sha256} does not have its hash.`);
  return path;
}
