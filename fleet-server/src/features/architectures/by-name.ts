import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isErrorCode, LinesideError } from '@lineside/shared';
import { oneAtATime } from '@lineside/shared/one-at-a-time';
import type { Actor } from '../../http/route.js';
import { type ExportJob, readExport, writeExportJob } from '../../learning/torch/export-job.js';
import type { Services } from '../../services.js';
import type { Keep } from './keep.js';
import type { Architecture, NamedArchitecture } from './schemas.js';

/** Pretrained weights may have to be downloaded, and a cluster may have to fetch its image. */
const exportTimeoutMs = 1_800_000;
const weightEndings = ['.pth', '.pt', '.safetensors'];

/** Nets of torchvision and timm, built and written as ONNX wherever the launcher starts the PyTorch trainer. */
export function createByName({ launcher }: Services, keep: Keep, weightsDir: string | undefined) {
  /** One at a time: each holds a whole network and its library in memory. */
  const queued = oneAtATime();

  /**
   * @throws LinesideError `trainer_missing`, `trainer_library_missing`, `architecture_unknown`, `weights_unavailable`,
   * `training_failed`; as `keep`
   */
  return async function byName(body: NamedArchitecture, actor: Actor): Promise<Architecture> {
    if (!launcher) throw new LinesideError('trainer_missing');
    const { architecture, licence } = body;
    const name = body.name ?? architecture.split('/')[1]!;
    const weights = await weightsOf(architecture, body.weights ?? 'pretrained', weightsDir);
    return keep(name, actor, async (folder) => {
      await writeExportJob(folder, { name: architecture, weights });
      const signal = AbortSignal.timeout(exportTimeoutMs);
      await queued(() => launcher.run(folder, { signal, onLine: () => undefined })).catch(
        (error: unknown) => {
          if (!isErrorCode(error, 'training_cancelled')) throw error;
          throw new LinesideError('training_failed', `${architecture} was not built in time`, {
            cause: error,
          });
        },
      );
      const { path, origin, normalisation, inputSize } = await readExport(folder);
      const described = { name, licence, origin, normalisation, inputSize };
      return { body: createReadStream(path), described };
    });
  };
}

/** The file of this net in the folder of weights, if there is one: then nothing is downloaded. */
async function weightsOf(
  architecture: string,
  asked: 'pretrained' | 'random',
  folder: string | undefined,
): Promise<ExportJob['weights']> {
  if (asked === 'random' || folder === undefined) return asked;
  for (const ending of weightEndings) {
    const file = resolve(join(folder, `${architecture}${ending}`));
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (isThere) return { file };
  }
  return asked;
}
