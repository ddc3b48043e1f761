import { floats, type NodeProto, node, type TensorProto, tensor } from '../onnx/proto.js';
import { type ActivationEncoding, superfluous } from './activations.js';
import type { ChannelMeans } from './channel-means.js';
import { type Network, producersOf } from './network.js';
import type { Plan } from './plan.js';
import { integerWeights } from './weights.js';

/**
 * Puts QuantizeLinear and DequantizeLinear around the planned nodes (QDQ), from which onnxruntime makes integer kernels on
 * every provider that has them and float ones elsewhere.
 */
export function rewrite(
  network: Network,
  plan: Plan,
  encodings: ReadonlyMap<string, ActivationEncoding>,
  means: ReadonlyMap<string, ChannelMeans>,
  weightLimit: number,
): Network {
  const dropped = superfluous(plan.clamps, encodings);
  // The producer of a dropped clamp writes the clamp's output.
  const outputOf = new Map([...dropped].map(([clamp, { producer }]) => [producer, clamp.output]));
  const producers = producersOf(network.nodes);
  const constants = new Map(network.constants);
  const add = (more: readonly TensorProto[]) => {
    for (const constant of more) constants.set(constant.name, constant);
  };
  const nodes: NodeProto[] = [];
  const quantiseTensor = (name: string): void => {
    const encoding = encodings.get(name);
    if (!encoding) return;
    const made = quantisedTensor(name, encoding);
    add(made.constants);
    nodes.push(...made.nodes);
  };
  /** Behind an integer node even a float one reads the 8-bit tensor, or there would be two. */
  const inputFor = (reader: NodeProto, name: string): string => {
    const producer = producers.get(name);
    const read = plan.quantised.has(reader) || (producer !== undefined && plan.quantised.has(producer));
    return read && encodings.has(name) ? dequantisedName(name) : name;
  };

  for (const { name } of network.proto.graph.input) quantiseTensor(name);
  for (const own of network.nodes) {
    if (dropped.has(own)) continue;
    const input = own.input.map((name) => inputFor(own, name));
    const weighted = plan.weighted.get(own);
    const [source = ''] = own.input;
    const encoding = encodings.get(source);
    const mean = means.get(source);
    if (weighted && encoding && mean) {
      const name = own.output[0] ?? '';
      const made = integerWeights(
        network,
        name,
        weighted,
        { scale: encoding.scale, mean: mean.values() },
        weightLimit,
      );
      add(made.constants);
      nodes.push(...made.nodes);
      input.splice(1, 2, made.weight, made.bias);
    }
    const output = outputOf.get(own) ?? own.output;
    nodes.push({ ...own, input, output: [...output] });
    for (const name of output) quantiseTensor(name);
  }
  return { ...network, nodes, constants };
}

const dequantisedName = (name: string): string => `${name}_dequantised`;

function quantisedTensor(name: string, { scale, zeroPoint, type }: ActivationEncoding) {
  const names = { stored: `${name}_quantised`, scale: `${name}_scale`, zero: `${name}_zero_point` };
  const zero = type === 'uint8' ? Uint8Array.of(zeroPoint) : Int8Array.of(zeroPoint);
  return {
    constants: [floats(names.scale, [scale], []), tensor(names.zero, zero, [])],
    nodes: [
      node('QuantizeLinear', [name, names.scale, names.zero], names.stored),
      node('DequantizeLinear', [names.stored, names.scale, names.zero], dequantisedName(name)),
    ],
  };
}
