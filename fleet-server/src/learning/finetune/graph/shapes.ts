import { create } from '@bufbuild/protobuf';
import { ValueInfoProtoSchema } from 'onnx-buf';
import { type GraphParts, model, serializeModel, shapeOf } from '../../onnx/proto.js';
import { openSession } from '../../onnx/session.js';

export type Shapes = ReadonlyMap<string, readonly number[]>;

/**
 * Static shapes of all tensors of a graph whose inputs have fixed sizes, by the runtime's own inference; nothing is run.
 * Tensors whose shape depends on values are left out.
 * @throws LinesideError `model_invalid` when the runtime refuses the graph.
 */
export async function inferShapes(parts: Omit<GraphParts, 'name' | 'outputs'>): Promise<Shapes> {
  const names = parts.nodes.flatMap(({ output }) => output).filter((name) => name !== '');
  // An output without a type takes the one that the runtime infers.
  const outputs = names.map((name) => create(ValueInfoProtoSchema, { name }));
  const bytes = serializeModel(model({ name: 'shapes', ...parts, outputs }));
  const session = await openSession(bytes, { graphOptimizationLevel: 'disabled' });
  const shapes = new Map<string, readonly number[]>();
  for (const constant of parts.initializers) shapes.set(constant.name, shapeOf(constant));
  for (const found of [...session.inputMetadata, ...session.outputMetadata]) {
    if (!found.isTensor) continue;
    const sizes = found.shape.filter((size) => typeof size === 'number');
    if (sizes.length === found.shape.length) shapes.set(found.name, sizes);
  }
  await session.release();
  return shapes;
}
