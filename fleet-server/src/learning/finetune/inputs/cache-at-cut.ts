import * as ort from 'onnxruntime-node';
import { composePixelReader, graphNames } from '../../compose.js';
import type { RgbImage } from '../../image.js';
import { letEventsIn } from '../../let-events-in.js';
import { DataType, model, serializeModel, valueInfo } from '../../onnx/proto.js';
import { imageTensor, openSession } from '../../onnx/session.js';
import { dependencies } from '../../onnx/subgraph.js';
import { seededRandom } from '../../random.js';
import { type Augmentation, augment } from '../augment.js';
import { crossingSizes, startsAtPixels, type TailPlan } from '../plan.js';
import { type CutInputs, cachedFeatures, cachedPixels, toInterleaved, toPlanes } from './cut-inputs.js';

export interface CacheOptions {
  readonly threads: number;
  /** Absent: pictures are trained on as they are. */
  readonly augmentation?: Augmentation | undefined;
  /** Views of a picture kept at a cut behind the pixels, the untouched one included; 1 without augmentation. */
  readonly views: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Reads `count` pictures, as a device would, and keeps what enters the tail. A run that trains the whole net keeps uint8
 * pixels and augments them anew in every epoch. Behind any other cut the layers before it run once for each of `views`
 * views, which an epoch then draws from: running them in every epoch would cost what the cut saves.
 * @throws LinesideError `training_cancelled`, `model_invalid`, and what `load` throws.
 */
export async function cacheAtCut(
  plan: TailPlan,
  count: number,
  load: (row: number) => Promise<RgbImage>,
  options: CacheOptions,
): Promise<CutInputs> {
  const side = plan.pictureShape[1]!;
  const threads = { intraOpNumThreads: options.threads, interOpNumThreads: 1 };
  const reader = await openSession(composePixelReader(side), threads);
  const wholeNet = startsAtPixels(plan);
  const prefix = wholeNet ? undefined : await openSession(prefixGraph(plan), threads);
  const views = options.augmentation && !wholeNet ? options.views : 1;
  const sizes = crossingSizes(plan);
  const pixels = new Uint8Array(wholeNet ? count * sizes[0]! : 0);
  const features = sizes.map((size) => new Float32Array(wholeNet ? 0 : count * views * size));
  try {
    for (let row = 0; row < count; row++) {
      const image = imageTensor(await load(row));
      const planes = (await reader.run({ [graphNames.image]: image })).pixels!.data as Float32Array;
      if (!prefix) pixels.set(toInterleaved(planes), row * sizes[0]!);
      else {
        const plain = { width: side, height: side, rgb: toInterleaved(planes) };
        for (let view = 0; view < views; view++) {
          const random = seededRandom(viewSeed(options.seed, row, view));
          const seen = view === 0 ? planes : planesOf(augment(plain, options.augmentation!, random).rgb);
          const input = new ort.Tensor('float32', seen, [1, ...plan.pictureShape]);
          const outputs = await prefix.run({ [plan.graph.input]: input });
          for (const [index, name] of plan.crossing.entries()) {
            const values = outputs[name]!.data as Float32Array;
            features[index]!.set(values, (row * views + view) * sizes[index]!);
          }
        }
      }
      options.onProgress?.(row + 1, count);
      await letEventsIn(options.signal);
    }
  } finally {
    await reader.release();
    await prefix?.release();
  }
  return wholeNet ? cachedPixels(pixels, side, options.augmentation) : cachedFeatures(features, sizes, views);
}

const viewSeed = (seed: number, row: number, view: number): number =>
  Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(row + 1, 0x85ebca6b) ^ view;

function planesOf(rgb: Uint8Array): Float32Array {
  const planes = new Float32Array(rgb.length);
  toPlanes(rgb, planes, 0);
  return planes;
}

/** What lies before the cut, one picture at a time. */
function prefixGraph({ graph, crossing, shapes, pictureShape }: TailPlan): Uint8Array {
  return serializeModel(
    model({
      name: 'finetune-prefix',
      ...dependencies(graph, crossing, [graph.input]),
      inputs: [valueInfo(graph.input, DataType.FLOAT, [1, ...pictureShape])],
      outputs: crossing.map((name) => valueInfo(name, DataType.FLOAT, [1, ...shapes.get(name)!.slice(1)])),
    }),
  );
}
