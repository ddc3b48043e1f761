import { readFile } from 'node:fs/promises';
import { neverAccept } from './accept-threshold.js';
import { composeModel } from './compose.js';
import { encodeGoldenFrames } from './golden.js';
import { serializeHead, zeroHead } from './head/head.js';
import type { RgbImage } from './image.js';
import type { BootstrapInput, ModelFiles } from './jobs/training.js';
import { openImageModel } from './onnx/session.js';
import { writePackageFile } from './package-files.js';
import { seededRandom } from './random.js';

/**
 * The package files of a model that knows nothing: uniform probabilities and a threshold no frame reaches, so that every
 * frame is flagged, with its embedding, before the first label exists.
 */
export async function bootstrap(input: BootstrapInput): Promise<ModelFiles> {
  const { backbone, classes } = input;
  const head = zeroHead(classes.length, backbone.dimensions);
  const bytes = composeModel(await readFile(backbone.path), backbone, head);
  const model = await openImageModel(bytes, 1);
  try {
    return {
      model: await writePackageFile(input.outputDir, 'model-fp32.onnx', bytes),
      golden: await writePackageFile(
        input.outputDir,
        'golden.cbor',
        await encodeGoldenFrames([noiseImage(1), noiseImage(2)], model),
      ),
      reference: null,
      variants: [],
      head: serializeHead(
        head,
        classes.map(({ id }) => id),
        backbone.space,
      ),
      decision: {
        threshold: neverAccept,
        alpha: input.alpha,
        n: 0,
        accepted: 0,
        errors: 0,
        method: 'bootstrap',
      },
      classes,
      space: backbone.space,
      dimensions: backbone.dimensions,
      licences: [...backbone.licences],
    };
  } finally {
    await model.release();
  }
}

function noiseImage(seed: number): RgbImage {
  const random = seededRandom(seed);
  const side = 64;
  return {
    width: side,
    height: side,
    rgb: Uint8Array.from({ length: side * side * 3 }, () => Math.floor(random() * 256)),
  };
}
