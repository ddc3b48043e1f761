import { readFile } from 'node:fs/promises';
import { LinesideError } from '@lineside/shared';
import { load } from './features.js';
import type { EmbedInput, EmbedResult } from './jobs/pictures.js';
import { letEventsIn } from './let-events-in.js';
import { openImageModel } from './onnx/session.js';

/**
 * Embeddings of pictures by a model as it shipped; null where a picture cannot be read.
 * @throws LinesideError `model_invalid`, `model_contract`, `inference_failed`
 */
export async function embed({ modelPath, dimensions, paths, threads }: EmbedInput): Promise<EmbedResult> {
  const model = await openImageModel(await readFile(modelPath), threads);
  try {
    const embeddings: (Float32Array | null)[] = [];
    for (const path of paths) {
      const image = await load(path);
      const embedding = 'message' in image ? null : (await model.run(image)).embedding;
      if (embedding && embedding.length !== dimensions) {
        throw new LinesideError('model_contract', `an embedding of ${embedding.length}, not ${dimensions}`);
      }
      embeddings.push(embedding);
      await letEventsIn(undefined);
    }
    return embeddings;
  } finally {
    await model.release();
  }
}
