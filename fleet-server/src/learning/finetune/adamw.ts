import type { GraphBuilder } from './graph/builder.js';
import type { ParameterGroup } from './parameters.js';
import { tensorNames } from './tensor-names.js';

/** Loshchilov & Hutter, Decoupled Weight Decay Regularization (2019), with gradients clipped by their global norm. */
export interface AdamWSettings {
  readonly weightDecay: number;
  /** Largest Euclidean norm of all gradients together. */
  readonly clipNorm: number;
}

export const decayRates = { first: 0.9, second: 0.999 } as const;
const epsilon = 1e-8;

/** Inputs that hold a group's moments, and outputs: the group and its moments after the step. */
export const stateNames = (group: string) => ({
  moments: [`${group}/first`, `${group}/second`] as const,
  next: [`${group}/next`, `${group}/first_next`, `${group}/second_next`] as const,
});

/** Adds the update of all groups to a training graph; `gradients` are by parameter name. */
export function adamW(
  graph: GraphBuilder,
  groups: readonly ParameterGroup[],
  gradients: ReadonlyMap<string, string>,
  { weightDecay, clipNorm }: AdamWSettings,
): void {
  const flat = groups.map(({ members }) =>
    graph.op(
      'Concat',
      members.map(({ name }) => graph.reshape(gradients.get(name)!, [-1])),
      { axis: 0 },
    ),
  );
  const squares = flat.map((gradient) => graph.op('ReduceSumSquare', [gradient], { keepdims: 0 }));
  const norm = graph.op('Sqrt', [graph.op('Sum', squares)]);
  const ratio = graph.op('Div', [graph.scalar(clipNorm), graph.op('Add', [norm, graph.scalar(1e-6)])]);
  const shrink = graph.op('Min', [graph.scalar(1), ratio]);
  for (const [index, group] of groups.entries()) {
    const gradient = graph.op('Mul', [flat[index]!, shrink]);
    updateGroup(graph, group, gradient, group.decays ? weightDecay : 0);
  }
}

function updateGroup(
  graph: GraphBuilder,
  { name, rate }: ParameterGroup,
  gradient: string,
  decay: number,
): void {
  const { moments, next } = stateNames(name);
  const mul = (a: string, b: string) => graph.op('Mul', [a, b]);
  const blend = (old: string, fresh: string, share: number, into: string) =>
    graph.opInto('Add', [mul(old, graph.scalar(share)), mul(fresh, graph.scalar(1 - share))], [into]);
  blend(moments[0], gradient, decayRates.first, next[1]);
  blend(moments[1], mul(gradient, gradient), decayRates.second, next[2]);
  const learningRate = mul(tensorNames.learningRate, graph.scalar(rate));
  const deviation = graph.op('Sqrt', [mul(next[2], tensorNames.secondCorrection)]);
  const direction = graph.op('Div', [next[1], graph.op('Add', [deviation, graph.scalar(epsilon)])]);
  const size = mul(learningRate, tensorNames.firstCorrection);
  const shrunk =
    decay === 0
      ? name
      : mul(name, graph.op('Sub', [graph.scalar(1), mul(learningRate, graph.scalar(decay))]));
  graph.opInto('Sub', [shrunk, mul(direction, size)], [next[0]]);
}
