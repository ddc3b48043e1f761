import {
  type Attribute,
  floats,
  integers,
  type NodeProto,
  node,
  type TensorProto,
  tensor,
} from '../../onnx/proto.js';

export type Attributes = Readonly<Record<string, Attribute>>;

/** Collects nodes and constants of a graph under construction and invents the names; equal constants are kept once. */
export class GraphBuilder {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly #constants = new Map<string, string>();
  readonly #prefix: string;
  #count = 0;

  /** `prefix` keeps the invented names apart from those the graph already has. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  name(hint: string): string {
    return `${this.#prefix}${this.#count++}_${hint}`;
  }

  /** Adds a node with one output and returns the output's name. */
  op(opType: string, inputs: readonly string[], attributes: Attributes = {}): string {
    const output = this.name(opType);
    this.nodes.push(node(opType, inputs, output, attributes));
    return output;
  }

  /** Adds a node with the outputs named. */
  opInto(opType: string, inputs: readonly string[], outputs: readonly string[], attributes: Attributes = {}) {
    const made = node(opType, inputs, outputs[0] ?? this.name(opType), attributes);
    this.nodes.push({ ...made, output: [...outputs] });
  }

  /** int64 [n]. */
  int64(values: readonly number[]): string {
    return this.#constant(`int64:${values}`, 'axes', (name) => integers(name, values));
  }

  /** float32 scalar. */
  scalar(value: number): string {
    return this.#constant(`float:${value}`, 'scalar', (name) => floats(name, [value], []));
  }

  floats(data: Float32Array, shape: readonly number[]): string {
    const name = this.name('constant');
    this.initializers.push(tensor(name, data, shape));
    return name;
  }

  reshape(input: string, shape: readonly number[]): string {
    return this.op('Reshape', [input, this.int64(shape)]);
  }

  transpose(input: string, perm: readonly number[]): string {
    return this.op('Transpose', [input], { perm });
  }

  sum(input: string, axes: readonly number[], keepdims: 0 | 1): string {
    return this.op('ReduceSum', [input, this.int64(axes)], { keepdims });
  }

  /** The part [starts, ends) along `axes`, every `steps`-th. */
  slice(
    input: string,
    starts: readonly number[],
    ends: readonly number[],
    axes: readonly number[],
    steps: readonly number[] = axes.map(() => 1),
  ): string {
    return this.op('Slice', [input, ...[starts, ends, axes, steps].map((values) => this.int64(values))]);
  }

  #constant(key: string, hint: string, make: (name: string) => TensorProto): string {
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.name(hint);
    this.initializers.push(make(name));
    this.#constants.set(key, name);
    return name;
  }
}
