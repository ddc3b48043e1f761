import { LinesideError } from '@lineside/shared';
import { graphNames } from '../compose.js';
import type { RgbImage } from '../image.js';
import { DataType, valueInfo } from '../onnx/proto.js';
import { createSession, imageTensor } from '../onnx/session.js';
import { ChannelMeans } from './channel-means.js';
import { Histogram } from './histogram.js';
import { type Network, writeNetwork } from './network.js';
import type { Plan } from './plan.js';

export type Pictures = Iterable<RgbImage> | AsyncIterable<RgbImage>;

export interface Observed {
  /** Of the tensors that 8-bit ranges are taken from. */
  readonly histograms: ReadonlyMap<string, Histogram>;
  /** Of the tensors that meet integer weights. */
  readonly means: ReadonlyMap<string, ChannelMeans>;
  readonly pictures: number;
}

/**
 * Runs the float network over pictures and counts the values of its inner tensors.
 * @throws LinesideError `inference_failed`; `model_invalid` for a graph that does not run or gives values that are not
 * finite; what the pictures' iterator throws.
 */
export async function observe(
  network: Network,
  plan: Plan,
  pictures: Pictures,
  threads: number,
): Promise<Observed> {
  const histograms = new Map(Array.from(plan.rangeOf.values(), (name) => [name, new Histogram()]));
  const means = new Map(
    Array.from(plan.weighted.keys(), ({ input }) => [input[0] ?? '', new ChannelMeans()]),
  );
  const tensors = [...new Set([...histograms.keys(), ...means.keys()])];
  const { proto } = network;
  const output = [...proto.graph.output];
  for (const name of tensors) output.push(valueInfo(name, DataType.FLOAT));
  const watched = { ...network, proto: { ...proto, graph: { ...proto.graph, output } } };
  const session = await createSession(writeNetwork(watched), threads);
  let count = 0;
  try {
    for await (const picture of pictures) {
      const outputs = await session
        .run({ [graphNames.image]: imageTensor(picture) }, tensors)
        .catch((error: unknown) => {
          throw new LinesideError('inference_failed', (error as Error).message, { cause: error });
        });
      for (const name of tensors) {
        const { data, dims } = outputs[name] ?? {};
        if (!(data instanceof Float32Array)) {
          throw new LinesideError('model_invalid', `${name} is not float32`);
        }
        histograms.get(name)?.add(data);
        means.get(name)?.add(data, dims?.[1] ?? 1);
      }
      count++;
    }
  } finally {
    await session.release();
  }
  return { histograms, means, pictures: count };
}
