import { createHash } from 'node:crypto';
import { ModelManifest, type ModelVariant, softwareVersion } from '@lineside/shared';
import { sql } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { modelVersions } from '../../db/schema.js';
import type { ModelFiles } from '../../learning/jobs/training.js';
import type { WrittenFile } from '../../learning/package-files.js';
import { deviceClasses } from '../../learning/quantise/device-classes.js';
import type { AcceptDecision } from '../../learning/report.js';
import type { VariantFile } from '../../learning/variants/report.js';
import type { Blobs } from '../../services.js';
import type { ModelRow } from './repository.js';

/** Product name in manifests and target paths. */
const packageName = 'lineside';

export interface StoredFiles {
  files: ModelFiles;
  /** Null: the model has no head of its own. */
  headSha256: string | null;
}

/** Copies the files of a package into the blob store, before any row names them. */
export async function storeFiles(blobs: Blobs, files: ModelFiles): Promise<StoredFiles> {
  await blobs.putFile(files.model.path);
  await blobs.putFile(files.golden.path);
  if (files.reference) await blobs.putFile(files.reference.path);
  for (const { file } of files.variants) await blobs.putFile(file.path);
  const head = files.head && (await blobs.put(Buffer.from(JSON.stringify(files.head))));
  return { files, headSha256: head?.sha256 ?? null };
}

export interface Provenance {
  dataset: { id: string; sha256: string } | null;
  trainingRunId: string | null;
}

/** Gives the files the next version number and the manifest that pins them. */
export const insertModel = (
  tx: Transaction,
  { files, headSha256 }: StoredFiles,
  provenance: Provenance,
  metrics: ModelRow['metrics'],
  createdAt: Date,
): Promise<ModelRow> =>
  insertVersion(tx, {
    manifestOf: (version) => toManifest(version, files, provenance, createdAt),
    bytes: bytesOf(files),
    trainingRunId: provenance.trainingRunId,
    ...{ headSha256, metrics, createdAt, imported: null },
  });

type NewVersion = Pick<
  ModelRow,
  'bytes' | 'trainingRunId' | 'headSha256' | 'metrics' | 'createdAt' | 'imported'
> & { manifestOf(version: string): ModelManifest };

/** A row with the next version number. */
export async function insertVersion(
  tx: Transaction,
  { manifestOf, ...values }: NewVersion,
): Promise<ModelRow> {
  // Versions are few and far between: whoever makes one waits for the other.
  await tx.execute(sql`lock table ${modelVersions} in exclusive mode`);
  const [latest] = await tx
    .select({ number: sql<number>`coalesce(max(${modelVersions.number}), -1)`.mapWith(Number) })
    .from(modelVersions);
  const number = (latest?.number ?? -1) + 1;
  const manifest = manifestOf(`v${number}`);
  const manifestJson = JSON.stringify(manifest);
  const manifestSha256 = createHash('sha256').update(manifestJson).digest('hex');
  const [row] = await tx
    .insert(modelVersions)
    .values({ ...values, id: manifest.version, number, manifest, manifestJson, manifestSha256 })
    .returning();
  return row!;
}

const bytesOf = ({ model, golden, reference, variants }: ModelFiles): number =>
  [model, golden, ...(reference ? [reference] : []), ...variants.map(({ file }) => file)].reduce(
    (sum, { length }) => sum + length,
    0,
  );

const pinned = ({ sha256, length }: WrittenFile) => ({ sha256, length });

function toVariant({ file, quantised }: VariantFile): ModelVariant {
  const { deviceClass } = quantised;
  const common = { file: pinned(file), quantised };
  if (deviceClass === 'gpu') return { name: 'fp16-gpu', ...common };
  return { name: `int8-${deviceClass}`, arch: [deviceClasses[deviceClass].arch], ...common };
}

const toRule = ({ threshold, alpha, n, method }: Omit<AcceptDecision, 'byClass'>) => ({
  ...{ threshold, alpha, method },
  calibrationFrames: n,
});

function toManifest(
  version: string,
  files: ModelFiles,
  { dataset, trainingRunId }: Provenance,
  createdAt: Date,
): ModelManifest {
  const { byClass, ...ofOthers } = files.decision;
  return ModelManifest.parse({
    v: 1,
    name: packageName,
    version,
    createdAt: createdAt.getTime(),
    task: 'classification',
    classes: files.classes.map(({ id, name }) => ({ id, name })),
    input: { name: 'image', layout: 'HWC', type: 'uint8', colour: 'RGB', height: null, width: null },
    outputs: { probabilities: 'probabilities', embedding: 'embedding' },
    embedding: { space: files.space, dimensions: files.dimensions },
    decision: {
      ...toRule(ofOthers),
      ...(byClass && { byClass: byClass.map((own) => ({ classId: own.classId, ...toRule(own) })) }),
    },
    variants: [{ name: 'fp32', file: pinned(files.model) }, ...files.variants.map(toVariant)],
    golden: pinned(files.golden),
    ...(files.reference ? { reference: pinned(files.reference) } : {}),
    provenance: {
      datasetVersion: dataset?.id ?? null,
      datasetSha256: dataset?.sha256 ?? null,
      trainingRun: trainingRunId,
      backbone: files.space,
      softwareVersion,
    },
    licences: files.licences,
  });
}
