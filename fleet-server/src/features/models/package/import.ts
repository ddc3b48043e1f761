import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isErrorCode, LinesideError, type ModelManifest } from '@lineside/shared';
import { classes, modelVersions } from '../../../db/schema.js';
import { receive, tooLarge } from '../../../files/receive.js';
import type { Actor } from '../../../http/route.js';
import { runLearningJob } from '../../../learning/worker-client.js';
import type { Services } from '../../../services.js';
import { insertVersion } from '../register-model.js';
import type { ModelRow } from '../repository.js';
import { withWorkFolder } from '../work-folder.js';
import { type ReadPackage, readPackage } from './read.js';

/** A model that has not answered its golden frames by then is of no use to a camera. */
const selfTestMs = 300_000;

/**
 * Takes a package in as a new version: signature, hashes, manifest, classes, and its own golden frames. It becomes neither
 * champion nor challenger, and no device hears of it.
 * @throws LinesideError `artifact_untrusted`, `artifact_corrupt`, `payload_*`, `class_unknown`, `conflict` when it is here
 * already, `self_test_failed`, `model_*`, `payload_too_large`, `storage_*`
 */
export async function importPackage(
  services: Services,
  actor: Actor,
  body: Readable,
  options: { declaredBytes: number | undefined; maxBytes: number; signer: string | undefined },
): Promise<ModelRow> {
  const { dataDir, packageKey, database, blobs, audit, live } = services;
  const { declaredBytes, maxBytes, signer } = options;
  if (declaredBytes !== undefined && declaredBytes > maxBytes) throw tooLarge(maxBytes);
  const model = await withWorkFolder(dataDir, async (folder) => {
    const path = join(folder, 'package.tar');
    await receive(body, path, maxBytes);
    const read = await readPackage(path, folder, (key) => key === packageKey.fingerprint || key === signer);
    await requireClasses(services, read.manifest);
    await requireNew(services, read);
    await selfTest(read);
    for (const file of read.files.values()) await blobs.putFile(file.path);
    const head = read.head && (await blobs.put(Buffer.from(JSON.stringify(read.head))));
    const { statement, manifest } = read;
    return database.db.transaction((tx) =>
      insertVersion(tx, {
        manifestOf: (version) => ({
          ...manifest,
          version,
          // Numbers of another fleet would be taken for those of this one; the hash of the dataset stays.
          provenance: { ...manifest.provenance, datasetVersion: null, trainingRun: null },
        }),
        bytes: [...read.files.values()].reduce((sum, { length }) => sum + length, 0),
        trainingRunId: null,
        headSha256: head?.sha256 ?? null,
        metrics: statement.metrics,
        createdAt: new Date(services.now()),
        imported: {
          ...{ signer: read.signer, version: statement.version },
          ...{ manifestSha256: statement.manifestSha256, by: actor.email },
        },
      }),
    );
  });
  await audit.record({
    ...{ actor: actor.email, action: 'model.import', subject: model.id },
    detail: { ...model.imported },
  });
  live.publish({ type: 'models' });
  return model;
}

async function requireClasses({ database }: Services, manifest: ModelManifest): Promise<void> {
  const known = new Set((await database.db.select({ id: classes.id }).from(classes)).map(({ id }) => id));
  const unknown = manifest.classes.filter(({ id }) => !known.has(id));
  if (unknown.length === 0) return;
  const names = unknown.map(({ id }) => id).join(', ');
  throw new LinesideError(
    'class_unknown',
    `The model knows classes that this fleet does not have: ${names}.`,
  );
}

async function requireNew({ database }: Services, { statement, signer }: ReadPackage): Promise<void> {
  const rows = await database.db
    .select({ id: modelVersions.id, sha256: modelVersions.manifestSha256, imported: modelVersions.imported })
    .from(modelVersions);
  const here = rows.find(
    ({ sha256, imported }) =>
      sha256 === statement.manifestSha256 ||
      (imported?.manifestSha256 === statement.manifestSha256 && imported.signer === signer),
  );
  if (here) throw new LinesideError('conflict', `This model is here already, as ${here.id}.`);
}

async function selfTest({ manifest, files }: ReadPackage): Promise<void> {
  const [own] = manifest.variants;
  if (!own || own.quantised)
    throw new LinesideError('model_invalid', 'The first variant is not the float model.');
  try {
    await runLearningJob<'self-test'>(
      {
        type: 'self-test',
        input: {
          modelPath: files.get(own.file.sha256)!.path,
          goldenPath: files.get(manifest.golden.sha256)!.path,
          dimensions: manifest.embedding.dimensions,
          classes: manifest.classes.length,
        },
      },
      { signal: AbortSignal.timeout(selfTestMs) },
    );
  } catch (error) {
    if (isErrorCode(error, 'training_failed', 'training_cancelled', 'inference_failed')) {
      throw new LinesideError('self_test_failed', `The model could not be run: ${error.message}`, {
        cause: error,
      });
    }
    throw error;
  }
}
