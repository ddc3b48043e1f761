import { LinesideError } from '@lineside/shared';
import type { GraphParts, NodeProto } from './proto.js';

/**
 * The nodes and initializers that `outputs` depend on, in their old order; tensors named in `cuts` are taken as given.
 * @throws LinesideError `model_invalid` when an output is made by nothing.
 */
export function dependencies(
  parts: Pick<GraphParts, 'nodes' | 'initializers'>,
  outputs: readonly string[],
  cuts: readonly string[],
): Pick<GraphParts, 'nodes' | 'initializers'> {
  const producers = new Map<string, NodeProto>();
  for (const node of parts.nodes) for (const output of node.output) producers.set(output, node);
  const constants = new Set(parts.initializers.map((initializer) => initializer.name));
  const seen = new Set(cuts);
  const needed = new Set<NodeProto>();
  const queue = [...outputs];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (name === '' || seen.has(name)) continue;
    seen.add(name);
    const producer = producers.get(name);
    if (producer) {
      needed.add(producer);
      queue.push(...producer.input);
    } else if (!constants.has(name)) {
      throw new LinesideError('model_invalid', `nothing produces ${name}`);
    }
  }
  return {
    nodes: parts.nodes.filter((node) => needed.has(node)),
    initializers: parts.initializers.filter((initializer) => seen.has(initializer.name)),
  };
}
