import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isErrorCode, LinesideError } from '@lineside/shared';
import { receive, tooLarge } from '../../files/receive.js';
import type { Actor } from '../../http/route.js';
import type { Normalisation } from '../../learning/architecture/preparations.js';
import { oneAtATime } from '../../learning/one-at-a-time.js';
import { runLearningJob } from '../../learning/worker-client.js';
import type { Services } from '../../services.js';
import { slug } from '../classes/slug.js';
import { withWorkFolder } from '../models/work-folder.js';
import { architectureById, defaultArchitecture } from './catalogue.js';
import { insertRow, listRows } from './repository.js';
import type { Architecture } from './schemas.js';

export interface UploadOptions {
  name: string;
  licence: string;
  normalisation?: Normalisation;
  inputSize?: number;
}

/** Longer names would not fit into the names of spaces. */
const longestId = 32;
/** A net that is not through by then would not be trained either. */
const checkTimeoutMs = 600_000;

export function createUploads(services: Services, maxBytes: number) {
  const { database, blobs, dataDir, audit } = services;
  /** One check at a time: each holds a whole network in memory. */
  const queued = oneAtATime();

  async function check(folder: string, path: string, id: string, options: UploadOptions) {
    try {
      return await runLearningJob<'architecture'>(
        {
          type: 'architecture',
          input: {
            path,
            name: id,
            normalisation: options.normalisation ?? 'imagenet',
            ...(options.inputSize === undefined ? {} : { inputSize: options.inputSize }),
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
   * Takes a file in, has it checked in the learning process and keeps the backbone made from it.
   * @throws LinesideError `request_invalid`, `conflict`, `payload_too_large`, `model_*`, `storage_*`
   */
  return async function upload(
    body: Readable,
    declaredBytes: number | undefined,
    actor: Actor,
    options: UploadOptions,
  ): Promise<Architecture> {
    const id = slug(options.name).slice(0, longestId).replace(/-$/, '');
    if (id === '') throw new LinesideError('request_invalid', 'The name needs a letter or a digit.');
    if (id === defaultArchitecture || (await listRows(database.db)).some((row) => row.id === id)) {
      throw new LinesideError('conflict', `There is an architecture ${id} already.`);
    }
    if (declaredBytes !== undefined && declaredBytes > maxBytes) throw tooLarge(maxBytes);
    await withWorkFolder(dataDir, async (folder) => {
      const path = join(folder, 'uploaded.onnx');
      const source = await receive(body, path, maxBytes);
      const { file, ...details } = await queued(() => check(folder, path, id, options));
      const stored = await blobs.putFile(file.path);
      await insertRow(database.db, {
        id,
        name: options.name,
        licence: options.licence,
        backboneSha256: stored.sha256,
        bytes: stored.length,
        sourceSha256: source.sha256,
        details: { ...details, normalisation: options.normalisation ?? 'imagenet' },
        createdAt: new Date(services.now()),
        createdBy: actor.email,
      });
      await audit.record({
        actor: actor.email,
        action: 'architecture.upload',
        subject: id,
        detail: { sha256: source.sha256, bytes: source.bytes, licence: options.licence },
      });
    });
    return architectureById(services, id);
  };
}
