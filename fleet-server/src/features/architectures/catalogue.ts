import { stat } from 'node:fs/promises';
import { LinesideError } from '@lineside/shared';
import type { DbOrTransaction } from '../../db/database.js';
import { type Backbone, ensureDefaultBackbone } from '../../learning/backbone/default-backbone.js';
import { inputSizeBounds, isInputSize } from '../../learning/input-size/sizes.js';
import type { TuneMode } from '../../learning/tuning/modes.js';
import type { Services } from '../../services.js';
import { learningCache } from '../models/work-folder.js';
import { type ArchitectureRow, listRows, rowById } from './repository.js';
import type { Architecture } from './schemas.js';

export const defaultArchitecture = 'default';

const stateOf = ({ tail, whole }: Architecture['tunable']): Architecture['state'] => {
  if (tail !== null) return 'head-only';
  return whole === null ? 'tunable' : 'tail-only';
};

const shown = (row: ArchitectureRow): Architecture => {
  const { details } = row;
  return {
    id: row.id,
    name: row.name,
    source: details.origin === undefined ? 'uploaded' : 'library',
    origin: details.origin ?? null,
    state: stateOf(details.tunable),
    tunable: details.tunable,
    inputSize: details.inputSize,
    resizable: details.resizable,
    dimensions: details.dimensions,
    bytes: row.bytes,
    parameters: details.parameters,
    normalisation: details.normalisation,
    head: details.head,
    opset: details.opset,
    operators: details.operators,
    licences: [row.licence],
    sha256: row.sourceSha256,
    createdAt: row.createdAt.toISOString(),
    createdBy: row.createdBy,
  };
};

async function shownDefault(services: Services): Promise<Architecture> {
  const backbone = await ensureDefaultBackbone(learningCache(services.dataDir).backbones);
  return {
    id: defaultArchitecture,
    name: backbone.name,
    source: 'default',
    origin: null,
    state: 'tunable',
    tunable: { tail: null, whole: null },
    inputSize: backbone.inputSize,
    resizable: true,
    dimensions: backbone.dimensions,
    bytes: (await stat(backbone.path)).size,
    parameters: null,
    normalisation: 'symmetric',
    head: null,
    opset: null,
    operators: [],
    licences: [...backbone.licences],
    sha256: null,
    createdAt: null,
    createdBy: null,
  };
}

export async function listArchitectures(services: Services): Promise<Architecture[]> {
  const rows = await listRows(services.database.db);
  return [await shownDefault(services), ...rows.map(shown)];
}

/** @throws LinesideError `not_found` */
export const architectureById = async (services: Services, id: string): Promise<Architecture> =>
  id === defaultArchitecture ? shownDefault(services) : shown(await rowById(services.database.db, id));

/**
 * The backbone that a run trains.
 * @throws LinesideError `not_found`, `blob_missing`
 */
export async function backboneById({ dataDir, database, blobs }: Services, id: string): Promise<Backbone> {
  if (id === defaultArchitecture) return ensureDefaultBackbone(learningCache(dataDir).backbones);
  const { backboneSha256, licence, details } = await rowById(database.db, id);
  const { inputSize, dimensions, tunable, resizable } = details;
  return {
    name: id,
    space: `${id}-${backboneSha256.slice(0, 12)}`,
    path: await blobs.path(backboneSha256),
    ...{ inputSize, dimensions, licences: [licence] },
    ...(resizable ? {} : { fixedSize: true }),
    ...(tunable.tail === null ? {} : { headOnly: tunable.tail }),
  };
}

/**
 * Keeps the architecture from being deleted until the transaction has ended.
 * @throws LinesideError `not_found`; `model_operator` when the mode cannot be trained, naming the node; `request_invalid`
 * when it does not take pictures of that size
 */
export async function requireTrainable(
  tx: DbOrTransaction,
  id: string,
  { mode, inputSize = 'auto' }: { mode?: TuneMode; inputSize?: 'auto' | number },
): Promise<void> {
  const uploaded = id === defaultArchitecture ? null : (await rowById(tx, id, 'share')).details;
  requireSize(id, uploaded, inputSize);
  if (!uploaded) return;
  if (mode !== 'tail' && mode !== 'whole') return;
  const why = uploaded.tunable[mode];
  if (why !== null) throw new LinesideError('model_operator', `${id} cannot be fine-tuned (${mode}): ${why}`);
}

function requireSize(id: string, uploaded: ArchitectureRow['details'] | null, size: 'auto' | number): void {
  if (size === 'auto' || size === uploaded?.inputSize) return;
  if (uploaded && !uploaded.resizable) {
    throw new LinesideError('request_invalid', `${id} takes pictures of ${uploaded.inputSize} pixels only.`);
  }
  if (isInputSize(size)) return;
  const { least, most, step } = inputSizeBounds;
  throw new LinesideError(
    'request_invalid',
    `An input size is a multiple of ${step} from ${least} to ${most}.`,
  );
}
