import { readFile } from 'node:fs/promises';
import { isErrorCode, LinesideError } from '@lineside/shared';
import { decodePicture } from '@lineside/shared/pictures/decode-picture';
import type { Backbone } from './backbone/default-backbone.js';
import { composeFeatureExtractor } from './compose.js';
import { noFeatureCache, openFeatureCache } from './feature-cache.js';
import type { RgbImage } from './image.js';
import { openImageModel } from './onnx/session.js';

export interface ImageFile {
  readonly sha256: string;
  readonly path: string;
}

export interface ExtractedFeatures {
  /** One entry a picture, in the order given; undefined where the picture could not be read. */
  readonly features: readonly (Float32Array | undefined)[];
  readonly unreadable: readonly { readonly path: string; readonly message: string }[];
}

export interface ExtractOptions {
  readonly threads: number;
  readonly cacheDir?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Embeddings of pictures by the graph the devices run. A picture that is missing or broken is named and left out; the
 * next picture is decoded while the present one is inferred.
 * @throws LinesideError `training_cancelled` when the signal aborts; `model_invalid`; `inference_failed`.
 */
export async function extractFeatures(
  images: readonly ImageFile[],
  backbone: Backbone,
  options: ExtractOptions,
): Promise<ExtractedFeatures> {
  const cache =
    options.cacheDir === undefined
      ? noFeatureCache
      : openFeatureCache(options.cacheDir, backbone.space, backbone.dimensions);
  const features: (Float32Array | undefined)[] = [];
  for (const { sha256 } of images) features.push(await cache.read(sha256));
  const missing = images.flatMap((image, index) => (features[index] ? [] : [{ image, index }]));
  const unreadable: { path: string; message: string }[] = [];
  let done = images.length - missing.length;
  options.onProgress?.(done, images.length);
  if (missing.length === 0) return { features, unreadable };

  const extractor = await openImageModel(
    composeFeatureExtractor(await readFile(backbone.path), backbone),
    options.threads,
  );
  try {
    let ahead = missing[0] && load(missing[0].image.path);
    for (const [position, { image, index }] of missing.entries()) {
      const decoding = ahead;
      const next = missing[position + 1];
      ahead = next && load(next.image.path);
      const loaded = await decoding;
      if (options.signal?.aborted) throw new LinesideError('training_cancelled');
      if (loaded === undefined) continue;
      if ('message' in loaded) unreadable.push({ path: image.path, message: loaded.message });
      else {
        const { embedding } = await extractor.run(loaded);
        features[index] = embedding;
        await cache.write(image.sha256, embedding);
      }
      options.onProgress?.(++done, images.length);
    }
  } finally {
    await extractor.release();
  }
  return { features, unreadable };
}

/** The decoded picture, or why there is none: it never rejects, so that reading ahead leaves no stray rejection. */
export async function load(path: string): Promise<RgbImage | { message: string }> {
  try {
    const { width, height, rgb } = await decodePicture(await readFile(path));
    return { width, height, rgb };
  } catch (error) {
    const message = isErrorCode(error, 'image_unreadable')
      ? `not a readable picture: ${error.message}`
      : `cannot be read: ${(error as Error).message}`;
    return { message };
  }
}

/** A picture that was readable before. @throws LinesideError `training_failed` */
export async function loadAgain(path: string): Promise<RgbImage> {
  const image = await load(path);
  if ('message' in image) throw new LinesideError('training_failed', `${path} ${image.message}`);
  return image;
}
