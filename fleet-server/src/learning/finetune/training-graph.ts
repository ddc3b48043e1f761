import {
  DataType,
  model,
  type NodeProto,
  serializeModel,
  type ValueInfoProto,
  valueInfo,
} from '../onnx/proto.js';
import { type AdamWSettings, adamW, stateNames } from './adamw.js';
import { addBackward } from './gradients/backward.js';
import { GraphBuilder } from './graph/builder.js';
import { headParameters, type ParameterGroup, unpackParameters } from './parameters.js';
import type { TailPlan } from './plan.js';
import { tensorNames } from './tensor-names.js';

const centred = 'finetune/centred';
const scaled = 'finetune/scaled';

/** Tail and head, with their parameters as inputs: embeddings [batch, d] and logits [batch, classes]. */
export function forwardGraph(plan: TailPlan, groups: readonly ParameterGroup[], classes: number): Uint8Array {
  const graph = new GraphBuilder('finetune/');
  addForward(graph, plan, groups);
  return serializeModel(
    model({
      name: 'finetune-forward',
      nodes: graph.nodes,
      initializers: [...plan.constants, ...graph.initializers],
      inputs: forwardInputs(plan, groups),
      outputs: [
        valueInfo(tensorNames.logits, DataType.FLOAT, [plan.batch, classes]),
        ...(plan.nodes.length > 0
          ? [valueInfo(plan.graph.output, DataType.FLOAT, [plan.batch, plan.dimensions])]
          : []),
      ],
    }),
  );
}

/**
 * One training step as a graph: loss (softmax cross-entropy against soft targets, weighted by picture), its gradients, and
 * all groups after a step of AdamW.
 * @throws LinesideError `model_invalid` naming a node that cannot be fine-tuned.
 */
export function trainingGraph(
  plan: TailPlan,
  groups: readonly ParameterGroup[],
  classes: number,
  settings: AdamWSettings,
): Uint8Array {
  const { batch } = plan;
  const graph = new GraphBuilder('finetune/');
  const forward = addForward(graph, plan, groups);
  const { targets, sampleWeights, logits } = tensorNames;
  const logProbabilities = graph.op('LogSoftmax', [logits], { axis: 1 });
  const crossEntropy = graph.op('Neg', [graph.sum(graph.op('Mul', [logProbabilities, targets]), [1], 0)]);
  graph.opInto('ReduceSum', [graph.op('Mul', [crossEntropy, sampleWeights])], [tensorNames.loss], {
    keepdims: 0,
  });
  // ∂loss/∂logits = (softmax − target) · weight, for targets that sum to one.
  const difference = graph.op('Sub', [graph.op('Exp', [logProbabilities]), targets]);
  const outputGradient = graph.op('Mul', [difference, graph.reshape(sampleWeights, [batch, 1])]);
  const members = groups.flatMap((group) => group.members);
  const shapes = new Map([
    ...plan.shapes,
    ...members.map(({ name, shape }) => [name, shape] as const),
    [centred, [batch, plan.dimensions]] as const,
    [scaled, [batch, plan.dimensions]] as const,
    [logits, [batch, classes]] as const,
  ]);
  const gradients = addBackward(graph, {
    nodes: forward,
    constants: plan.constants,
    shapes,
    wanted: members.map(({ name }) => name),
    output: logits,
    outputGradient,
  });
  adamW(graph, groups, gradients, settings);
  const scalar = (name: string) => valueInfo(name, DataType.FLOAT, []);
  const vectors = (names: (group: string) => readonly string[]) =>
    groups.flatMap(({ name, size }) => names(name).map((each) => valueInfo(each, DataType.FLOAT, [size])));
  return serializeModel(
    model({
      name: 'finetune-step',
      nodes: graph.nodes,
      initializers: [...plan.constants, ...graph.initializers],
      inputs: [
        ...forwardInputs(plan, groups),
        valueInfo(targets, DataType.FLOAT, [batch, classes]),
        valueInfo(sampleWeights, DataType.FLOAT, [batch]),
        scalar(tensorNames.learningRate),
        scalar(tensorNames.firstCorrection),
        scalar(tensorNames.secondCorrection),
        ...vectors((name) => stateNames(name).moments),
      ],
      outputs: [scalar(tensorNames.loss), ...vectors((name) => stateNames(name).next)],
    }),
  );
}

const forwardInputs = (
  { batch, crossing, shapes, dimensions }: TailPlan,
  groups: readonly ParameterGroup[],
): ValueInfoProto[] => [
  ...crossing.map((name) => valueInfo(name, DataType.FLOAT, [batch, ...shapes.get(name)!.slice(1)])),
  ...groups.map(({ name, size }) => valueInfo(name, DataType.FLOAT, [size])),
  valueInfo(tensorNames.headMean, DataType.FLOAT, [dimensions]),
  valueInfo(tensorNames.headInverse, DataType.FLOAT, [dimensions]),
];

/** Adds parameters, tail and head; returns the nodes that a gradient passes. */
function addForward(graph: GraphBuilder, plan: TailPlan, groups: readonly ParameterGroup[]): NodeProto[] {
  unpackParameters(graph, groups);
  const before = graph.nodes.length;
  // Copies, because a gradient rule may ask a node for a further output.
  for (const node of plan.nodes) graph.nodes.push({ ...node, output: [...node.output] });
  graph.opInto('Sub', [plan.graph.output, tensorNames.headMean], [centred]);
  graph.opInto('Mul', [centred, tensorNames.headInverse], [scaled]);
  const { weight, bias } = headParameters;
  graph.opInto('Gemm', [scaled, weight, bias], [tensorNames.logits], { transB: 1 });
  return graph.nodes.slice(before);
}
