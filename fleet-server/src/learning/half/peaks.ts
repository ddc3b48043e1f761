import { LinesideError } from '@lineside/shared';
import { graphNames } from '../compose.js';
import { DataType, type NodeProto, node, valueInfo } from '../onnx/proto.js';
import { createSession, imageTensor } from '../onnx/session.js';
import { type Network, writeNetwork } from '../quantise/network.js';
import type { Pictures } from '../quantise/observe.js';
import { largestHalf } from './float16.js';
import { typedInputs } from './plan.js';

/** Room for pictures that are none of these. */
const headroom = 4;

/**
 * Runs the float network over pictures and names the tensors of the planned nodes whose values come near the largest of
 * fp16.
 * @throws LinesideError `inference_failed`; `model_invalid` for a graph that does not run; what the pictures' iterator throws.
 */
export async function tensorsTooLarge(
  network: Network,
  planned: ReadonlySet<NodeProto>,
  pictures: Pictures,
  threads: number,
): Promise<Set<string>> {
  const names = [
    ...new Set(
      [...planned]
        .flatMap((own) => [...typedInputs(own), ...own.output])
        .filter((name) => !network.constants.has(name)),
    ),
  ];
  const peakOf = new Map(names.map((name) => [name, `${name}_peak`]));
  const nodes = [...network.nodes];
  for (const [name, peak] of peakOf) {
    nodes.push(
      node('Abs', [name], `${peak}_sizes`),
      node('ReduceMax', [`${peak}_sizes`], peak, { keepdims: 0 }),
    );
  }
  const { proto } = network;
  const peaks = [...peakOf.values()];
  const output = peaks.map((peak) => valueInfo(peak, DataType.FLOAT, []));
  const watched = {
    ...network,
    nodes,
    outputs: new Set(peaks),
    proto: { ...proto, graph: { ...proto.graph, output } },
  };
  const session = await createSession(writeNetwork(watched), threads);
  const found = new Set<string>();
  try {
    for await (const picture of pictures) {
      const outputs = await session
        .run({ [graphNames.image]: imageTensor(picture) })
        .catch((error: unknown) => {
          throw new LinesideError('inference_failed', (error as Error).message, { cause: error });
        });
      for (const [name, peak] of peakOf) {
        if (!(Number(outputs[peak]?.data[0]) <= largestHalf / headroom)) found.add(name);
      }
    }
  } finally {
    await session.release();
  }
  return found;
}
