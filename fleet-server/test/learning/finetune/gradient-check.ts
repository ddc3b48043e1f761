import * as ort from 'onnxruntime-node';
import { addBackward } from '../../../src/learning/finetune/gradients/backward.js';
import { GraphBuilder } from '../../../src/learning/finetune/graph/builder.js';
import { withExplicitPads } from '../../../src/learning/finetune/graph/explicit-pads.js';
import { inferShapes } from '../../../src/learning/finetune/graph/shapes.js';
import {
  DataType,
  model,
  type NodeProto,
  serializeModel,
  type TensorProto,
  valueInfo,
} from '../../../src/learning/onnx/proto.js';
import { openSession } from '../../../src/learning/onnx/session.js';
import { seededRandom } from '../../../src/learning/random.js';

export interface GradientCase {
  /** The graph from `x` (and parameters) to `y`. */
  readonly nodes: readonly NodeProto[];
  readonly constants?: readonly TensorProto[];
  /** Shape of every tensor whose gradient is checked. */
  readonly wanted: Readonly<Record<string, readonly number[]>>;
  /** Values of the wanted tensors; default: normal-ish, apart from each other and from the usual kinks. */
  readonly values?: (random: () => number, index: number) => number;
}

export const product = (shape: readonly number[]): number =>
  shape.reduce((total, length) => total * length, 1);

/** Distinct values at least 0.02 apart in random order, none within 0.01 of 0, ±3 or 6: differences stay off the kinks. */
function apartFromKinks(count: number, random: () => number): Float32Array {
  const order = Array.from({ length: count }, (_, index) => index).sort(() => random() - 0.5);
  const spacing = Math.max(0.02, 9 / count);
  return Float32Array.from(order, (rank) => (rank - count / 3) * spacing + 0.01);
}

/** Feeds, analytic gradients of Σ y · r and the projection r, by the product's own backward pass. */
export async function analyticGradients(given: GradientCase, seed = 1) {
  const random = seededRandom(seed);
  const names = Object.keys(given.wanted);
  const constants = given.constants ?? [];
  const inputs = names.map((name) => valueInfo(name, DataType.FLOAT, given.wanted[name]!));
  const shapes = await inferShapes({ nodes: given.nodes, initializers: constants, inputs });
  const nodes = given.nodes.map((node) => withExplicitPads(node, shapes));
  const outputShape = shapes.get('y')!;
  const graph = new GraphBuilder('back/');
  graph.nodes.push(...nodes.map((node) => ({ ...node, output: [...node.output] })));
  const gradients = addBackward(graph, {
    nodes: [...graph.nodes],
    constants,
    shapes,
    wanted: names,
    output: 'y',
    outputGradient: 'projection',
  });
  const session = await openSession(
    serializeModel(
      model({
        name: 'check',
        nodes: graph.nodes,
        initializers: [...constants, ...graph.initializers],
        inputs: [...inputs, valueInfo('projection', DataType.FLOAT, outputShape)],
        outputs: [...gradients].map(([name, gradient]) =>
          valueInfo(gradient, DataType.FLOAT, given.wanted[name]!),
        ),
      }),
    ),
    { intraOpNumThreads: 1 },
  );
  const projection = Float32Array.from({ length: product(outputShape) }, () => random() * 2 - 1);
  const values = Object.fromEntries(
    names.map((name) => {
      const count = product(given.wanted[name]!);
      const make = given.values;
      return [
        name,
        make
          ? Float32Array.from({ length: count }, (_, i) => make(random, i))
          : apartFromKinks(count, random),
      ];
    }),
  );
  const feeds = Object.fromEntries(
    names.map((name) => [name, new ort.Tensor('float32', values[name]!, given.wanted[name]!)]),
  );
  const found = await session.run({
    ...feeds,
    projection: new ort.Tensor('float32', projection, outputShape),
  });
  const analytic = Object.fromEntries(
    [...gradients].map(([name, gradient]) => [name, (found[gradient]!.data as Float32Array).slice()]),
  );
  await session.release();
  return { nodes: given.nodes, padded: nodes, constants, inputs, values, projection, analytic, outputShape };
}

/**
 * Largest difference between the analytic gradients and central finite differences of the untouched forward graph, relative
 * to the largest gradient of the tensor.
 */
export async function gradientError(given: GradientCase, step = 5e-3): Promise<number> {
  const { nodes, constants, inputs, values, projection, analytic, outputShape } =
    await analyticGradients(given);
  const session = await openSession(
    serializeModel(
      model({
        name: 'forward',
        nodes,
        initializers: constants,
        inputs,
        outputs: [valueInfo('y', DataType.FLOAT, outputShape)],
      }),
    ),
    { intraOpNumThreads: 1 },
  );
  const objective = async () => {
    const feeds = Object.fromEntries(
      Object.entries(values).map(([name, data]) => [
        name,
        new ort.Tensor('float32', data, given.wanted[name]!),
      ]),
    );
    const y = (await session.run(feeds)).y!.data as Float32Array;
    return y.reduce((sum, value, i) => sum + value * projection[i]!, 0);
  };
  let worst = 0;
  for (const [name, data] of Object.entries(values)) {
    const scale = Math.max(...analytic[name]!.map(Math.abs), 1e-3);
    for (const [index, value] of [...data].entries()) {
      data[index] = value + step;
      const above = [data[index]!, await objective()] as const;
      data[index] = value - step;
      const below = [data[index]!, await objective()] as const;
      data[index] = value;
      const measured = (above[1] - below[1]) / (above[0] - below[0]);
      worst = Math.max(worst, Math.abs(measured - analytic[name]![index]!) / scale);
    }
  }
  await session.release();
  return worst;
}
