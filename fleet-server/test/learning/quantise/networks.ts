import { readFile } from 'node:fs/promises';
import * as ort from 'onnxruntime-node';
import { composeModel } from '../../../src/learning/compose.js';
import type { Head } from '../../../src/learning/head/head.js';
import type { RgbImage } from '../../../src/learning/image.js';
import {
  DataType,
  floats,
  model,
  type NodeProto,
  node,
  parseModel,
  serializeModel,
  type TensorProto,
  valueInfo,
} from '../../../src/learning/onnx/proto.js';
import { seededRandom } from '../../../src/learning/random.js';
import { drawTexture, normals, textures } from '../fixtures.js';

export const side = 24;

/** Collects nodes and random weights of a backbone for pictures of 24 pixels. */
export class Builder {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly #normal = normals(seededRandom(11));

  constant(name: string, values: Iterable<number>, shape: readonly number[]): string {
    this.initializers.push(floats(name, values, shape));
    return name;
  }

  random(name: string, shape: readonly number[], deviation: number): string {
    const length = shape.reduce((product, size) => product * size, 1);
    return this.constant(
      name,
      Array.from({ length }, () => deviation * this.#normal()),
      shape,
    );
  }

  op(...args: Parameters<typeof node>): string {
    this.nodes.push(node(...args));
    return args[2];
  }

  /** A 3×3 convolution that keeps the size and roughly the spread. */
  conv(input: string, output: string, [inputs, outputs]: [number, number], group = 1): string {
    const deviation = 1 / Math.sqrt((9 * inputs) / group);
    const weight = this.random(`${output}_w`, [outputs, inputs / group, 3, 3], deviation);
    const bias = this.random(`${output}_b`, [outputs], 0.1);
    return this.op('Conv', [input, weight, bias], output, { pads: [1, 1, 1, 1], group });
  }

  backbone(dimensions: number): Uint8Array {
    return serializeModel(
      model({
        name: 'small',
        nodes: this.nodes,
        initializers: this.initializers,
        inputs: [valueInfo('pixels', DataType.FLOAT, [1, 3, side, side])],
        outputs: [valueInfo('features', DataType.FLOAT, [1, dimensions])],
      }),
    );
  }

  /** The backbone pooled from `last`, as a whole classifier of three classes. */
  classifier(last: string, dimensions: number): Uint8Array {
    this.op('GlobalAveragePool', [last], 'pooled');
    this.op('Flatten', ['pooled'], 'features', { axis: 1 });
    return classifier(this.backbone(dimensions), dimensions);
  }
}

export function classifier(backbone: Uint8Array, dimensions: number): Uint8Array {
  const normal = normals(seededRandom(5));
  const head: Head = {
    classes: 3,
    dimensions,
    weights: Float32Array.from({ length: 3 * dimensions }, normal),
    bias: new Float32Array(3),
    temperature: 1,
  };
  return composeModel(backbone, { inputSize: side, dimensions }, head);
}

export const surfaces = (from: number, to: number, size = 32): RgbImage[] =>
  textures.flatMap((kind) =>
    Array.from({ length: to - from }, (_, at) => drawTexture(kind, from + at, size, size)),
  );

export const graphOf = (bytes: Uint8Array) => parseModel(bytes).graph;

export const operators = (bytes: Uint8Array): string[] => graphOf(bytes).node.map(({ opType }) => opType);

/** The operators that onnxruntime really runs, after its fusions. */
export async function fusedOperators(bytes: Uint8Array, file: string): Promise<string[]> {
  const session = await ort.InferenceSession.create(bytes, {
    optimizedModelFilePath: file,
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  await session.release();
  return operators(await readFile(file));
}
