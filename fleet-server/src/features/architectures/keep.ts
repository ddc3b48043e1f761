import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isErrorCode, LinesideError } from '@lineside/shared';
import { oneAtATime } from '@lineside/shared/one-at-a-time';
import { receive } from '../../files/receive.js';
import type { Actor } from '../../http/route.js';
import type { Normalisation } from '../../learning/architecture/preparations.js';
import { runLearningJob } from '../../learning/worker-client.js';
import type { Services } from '../../services.js';
import { slug } from '../classes/slug.js';
import { withWorkFolder } from '../models/work-folder.js';
import { architectureById, defaultArchitecture } from './catalogue.js';
import { insertRow, listRows } from './repository.js';
import type { Architecture } from './schemas.js';

/** What is said of an ONNX file that becomes an architecture. */
export interface Described {
  name: string;
  licence: string;
  normalisation?: Normalisation;
  inputSize?: number;
  /** Library, version and weights; absent: somebody uploaded it. */
  origin?: string;
}

/** An ONNX file as it comes, and what is known of it by then. */
export interface Source {
  readonly body: Readable;
  readonly described: Described;
}

/** Longer names would not fit into the names of spaces. */
const longestId = 32;
/** A net that is not through by then would not be trained either. */
const checkTimeoutMs = 600_000;

export type Keep = ReturnType<typeof createKeep>;

export function createKeep(services: Services, maxBytes: number) {
  const { database, blobs, dataDir, audit } = services;
  /** One check at a time: each holds a whole network in memory. */
  const queued = oneAtATime();

  async function check(folder: string, path: string, id: string, described: Described) {
    try {
      return await runLearningJob<'architecture'>(
        {
          type: 'architecture',
          input: {
            path,
            name: id,
            normalisation: described.normalisation ?? 'imagenet',
            ...(described.inputSize === undefined ? {} : { inputSize: described.inputSize }),
            outputDir: folder,
          },
        },
        { signal: AbortSignal.timeout(checkTimeoutMs) },
      );
    } catch (error) {
      if (isErrorCode(error, 'training_failed', 'training_cancelled', 'inference_failed')) {
        throw new LinesideError('model_invalid', `the file could not be checked: ${error.message}`, {
          cause: error,
        });
      }
      throw error;
    }
  }

  /**
   * Has an ONNX classifier checked in the learning process and keeps the backbone made from it.
   * @param open gets the file; it may use the folder, which is gone afterwards
   * @throws LinesideError `request_invalid`, `conflict`, `payload_too_large`, `model_*`, `storage_*`; what `open` throws
   */
  return async function keep(
    name: string,
    actor: Actor,
    open: (folder: string) => Source | Promise<Source>,
  ): Promise<Architecture> {
    const id = slug(name).slice(0, longestId).replace(/-$/, '');
    if (id === '') throw new LinesideError('request_invalid', 'The name needs a letter or a digit.');
    if (id === defaultArchitecture || (await listRows(database.db)).some((row) => row.id === id)) {
      throw new LinesideError('conflict', `There is an architecture ${id} already.`);
    }
    await withWorkFolder(dataDir, async (folder) => {
      const path = join(folder, 'source.onnx');
      const { body, described } = await open(folder);
      const source = await receive(body, path, maxBytes);
      const { file, ...details } = await queued(() => check(folder, path, id, described));
      const stored = await blobs.putFile(file.path);
      const { licence, origin } = described;
      await insertRow(database.db, {
        ...{ id, name: described.name, licence },
        backboneSha256: stored.sha256,
        bytes: stored.length,
        sourceSha256: source.sha256,
        details: {
          ...details,
          normalisation: described.normalisation ?? 'imagenet',
          ...(origin === undefined ? {} : { origin }),
        },
        createdAt: new Date(services.now()),
        createdBy: actor.email,
      });
      await audit.record({
        actor: actor.email,
        action: 'architecture.upload',
        subject: id,
        detail: { sha256: source.sha256, bytes: source.bytes, licence, ...(origin && { origin }) },
      });
    });
    return architectureById(services, id);
  };
}
