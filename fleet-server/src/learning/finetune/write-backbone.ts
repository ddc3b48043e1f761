import { DataType, model, serializeModel, shapeOf, tensor, valueInfo } from '../onnx/proto.js';
import { type ParameterGroup, parameterValues } from './parameters.js';
import type { TailPlan } from './plan.js';

/** The backbone with trained weights under their old names, for one picture of the size it was trained at. */
export function tunedBackbone(
  { graph, trainable, pictureShape, dimensions }: TailPlan,
  groups: readonly ParameterGroup[],
  parameters: readonly Float32Array[],
): Uint8Array {
  const changed = new Set(trainable);
  return serializeModel(
    model({
      name: graph.name,
      nodes: graph.nodes,
      initializers: graph.initializers.map((constant) =>
        changed.has(constant)
          ? tensor(constant.name, parameterValues(groups, parameters, constant.name), shapeOf(constant))
          : constant,
      ),
      inputs: [valueInfo(graph.input, DataType.FLOAT, [1, ...pictureShape])],
      outputs: [valueInfo(graph.output, DataType.FLOAT, [1, dimensions])],
    }),
  );
}
