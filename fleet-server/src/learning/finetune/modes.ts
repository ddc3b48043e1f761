import type { NodeProto } from '../onnx/proto.js';
import type { Shapes } from './graph/shapes.js';
import { divide, type PlanOptions, shapedGraph } from './plan.js';

export const fineTuneModes = ['head', 'tail', 'whole'] as const;
/** What is trained beside the head: nothing, the last part of the backbone, or all of it. */
export type FineTuneMode = (typeof fineTuneModes)[number];

/** Part of the backbone's multiplications behind the cut of mode `tail`, at most. */
const tailShare = 0.4;

const product = (shape: readonly number[]): number => shape.reduce((total, length) => total * length, 1);

/** Multiplications of one node: outputs times what each of them sums over. */
function multiplications({ opType, input, output }: NodeProto, shapes: Shapes): number {
  const outputs = product(shapes.get(output[0] ?? '') ?? [0]);
  const weight = shapes.get(input[1] ?? '') ?? [];
  if (opType === 'Conv') return outputs * product(weight.slice(1));
  return opType === 'Gemm' || opType === 'MatMul' ? outputs * (shapes.get(input[0] ?? '')?.at(-1) ?? 0) : 0;
}

/**
 * The tensor at which a mode cuts the backbone. The tail starts at the earliest tensor that alone carries the picture on
 * (nothing else with height and width crosses with it) and has at most 40 % of the multiplications behind it; without such a
 * tensor it is the head alone.
 * @throws LinesideError `model_invalid`, `model_contract`
 */
export async function cutForMode(
  bytes: Uint8Array,
  mode: FineTuneMode,
  options: PlanOptions,
): Promise<string> {
  const { graph, shapes } = await shapedGraph(bytes, options);
  if (mode === 'whole') return graph.input;
  if (mode === 'head') return graph.output;
  const costs = new Map(graph.nodes.map((node) => [node, multiplications(node, shapes)]));
  const sum = (nodes: readonly NodeProto[]) => nodes.reduce((total, node) => total + costs.get(node)!, 0);
  const limit = tailShare * sum(graph.nodes);
  const found = graph.nodes.find(({ output }) => {
    const [cut = ''] = output;
    if (shapes.get(cut)?.length !== 4) return false;
    const { nodes, crossing } = divide(graph, cut);
    const pictures = crossing.filter((name) => (shapes.get(name)?.length ?? 0) > 2);
    const cost = sum(nodes);
    return pictures.length === 1 && cost > 0 && cost <= limit;
  });
  return found?.output[0] ?? graph.output;
}
