import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { ModelManifest } from '@lineside/shared';
import { tarEnd, tarHeader, tarPadding } from '../../../files/tar.js';
import type { Services } from '../../../services.js';
import type { ModelRow } from '../repository.js';
import { entryNames, fileEntry, type PackageSignature, type Statement } from './format.js';

interface Part {
  name: string;
  length: number;
  content: Buffer | { path: string };
}

/** The files that a manifest pins, each once. */
export function pinnedFiles({ variants, golden, reference }: ModelManifest) {
  const all = [...variants.map(({ file }) => file), golden, ...(reference ? [reference] : [])];
  return [...new Map(all.map((file) => [file.sha256, file])).values()];
}

/**
 * A model version as one signed archive.
 * @throws LinesideError `blob_missing`
 */
export async function exportPackage(
  { blobs, packageKey }: Services,
  model: ModelRow,
): Promise<{ length: number; body: Readable }> {
  const statement: Statement = {
    ...{ format: 'lineside-model-package', v: 1, version: model.id },
    ...{ manifestSha256: model.manifestSha256, headSha256: model.headSha256, metrics: model.metrics },
  };
  const signed = Buffer.from(JSON.stringify(statement));
  const signature: PackageSignature = {
    ...{ algorithm: 'ed25519', publicKey: packageKey.publicKey, signature: packageKey.sign(signed) },
  };
  const inMemory = (name: string, content: Buffer): Part => ({ name, length: content.length, content });
  const parts: Part[] = [
    inMemory(entryNames.statement, signed),
    inMemory(entryNames.signature, Buffer.from(JSON.stringify(signature))),
    inMemory(entryNames.manifest, Buffer.from(model.manifestJson)),
    ...(model.headSha256 === null ? [] : [inMemory(entryNames.head, await blobs.read(model.headSha256))]),
  ];
  for (const { sha256, length } of pinnedFiles(model.manifest)) {
    parts.push({ name: fileEntry(sha256), length, content: { path: await blobs.path(sha256) } });
  }
  const length = parts.reduce(
    (sum, part) =>
      sum + tarHeader(part.name, part.length).length + part.length + tarPadding(part.length).length,
    tarEnd.length,
  );
  return { length, body: Readable.from(archive(parts)) };
}

async function* archive(parts: readonly Part[]): AsyncGenerator<Buffer> {
  for (const { name, length, content } of parts) {
    yield tarHeader(name, length);
    if (Buffer.isBuffer(content)) yield content;
    else yield* createReadStream(content.path) as AsyncIterable<Buffer>;
    yield tarPadding(length);
  }
  yield tarEnd;
}
