import { LinesideError } from '@lineside/shared';
import {
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataLocation as DataLocation,
} from 'onnx-buf';
import { describeNode } from '../finetune/graph/attributes.js';
import { newestOpset, oldestOpset } from '../finetune/graph/canonical.js';
import {
  DataType,
  type NodeProto,
  type parseModel,
  type TensorProto,
  type ValueInfoProto,
} from '../onnx/proto.js';

type Parsed = ReturnType<typeof parseModel>;

/** Real networks have hundreds. */
const mostNodes = 10_000;
const controlFlow = new Set(['If', 'Loop', 'Scan']);
const random = /^(Random|Bernoulli$|Multinomial$)/;

export interface DeclaredInput {
  readonly name: string;
  /** Height and width in pixels; null: the file leaves them open. */
  readonly size: number | null;
}

export const opsetOf = ({ opsetImport }: Parsed): number =>
  Number(opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0);

/**
 * What can be said of an uploaded graph without running it.
 * @returns its picture input
 * @throws LinesideError `model_invalid`, `model_external_data`, `model_opset`, `model_operator`, `model_contract`
 */
export function requireUsableGraph(proto: Parsed): DeclaredInput {
  const { graph } = proto;
  if (graph.node.length === 0) throw new LinesideError('model_invalid', 'the graph has no nodes');
  if (graph.node.length > mostNodes) {
    throw new LinesideError('model_invalid', `${graph.node.length} nodes are more than ${mostNodes}`);
  }
  const constants = graph.node.flatMap(({ attribute }) => attribute.flatMap(({ t }) => (t ? [t] : [])));
  const outside = [...graph.initializer, ...constants].find(isOutside);
  if (outside) {
    throw new LinesideError(
      'model_external_data',
      `the tensor ${outside.name} lies in a file of its own: export the model as one file`,
    );
  }
  const opset = opsetOf(proto);
  if (opset < oldestOpset || opset > newestOpset) {
    throw new LinesideError('model_opset', `opset ${opset}: ${oldestOpset} to ${newestOpset} are supported`);
  }
  for (const node of graph.node) requireOperator(node);
  return pictureInput(proto);
}

const isOutside = ({ dataLocation, externalData }: TensorProto): boolean =>
  dataLocation === DataLocation.EXTERNAL || externalData.length > 0;

function requireOperator(node: NodeProto): void {
  const refuse = (why: string): never => {
    throw new LinesideError('model_operator', `${describeNode(node)}: ${why}`);
  };
  if (node.domain !== '' && node.domain !== 'ai.onnx') {
    refuse(`operators of the domain ${node.domain} are not supported`);
  }
  if (random.test(node.opType)) refuse('a model gives the same answer every time');
  const nested = node.attribute.some(
    ({ type, g }) => type === AttributeType.GRAPH || type === AttributeType.GRAPHS || g !== undefined,
  );
  if (controlFlow.has(node.opType) || nested) refuse('control flow is not supported');
}

/** Float pictures [1, 3, H, W]; the batch and the size may be symbolic. */
function pictureInput({ graph }: Parsed): DeclaredInput {
  const constants = new Set(graph.initializer.map(({ name }) => name));
  const inputs = graph.input.filter(({ name }) => !constants.has(name));
  const [input] = inputs;
  const refuse = (found: string): never => {
    throw new LinesideError('model_contract', `one input float32 [1 or N, 3, H, W] is needed; ${found}`);
  };
  if (!input || inputs.length > 1) {
    return refuse(`the inputs are ${inputs.map(({ name }) => name).join(', ') || 'none'}`);
  }
  const { elemType, sizes } = shapeOfInput(input);
  const shown = `${input.name} is ${elemType === DataType.FLOAT ? 'float32' : (DataType[elemType] ?? 'no tensor').toLowerCase()} [${sizes.map((size) => size ?? '?').join(', ')}]`;
  const [batch, channels, height, width] = sizes;
  if (elemType !== DataType.FLOAT || sizes.length !== 4) return refuse(shown);
  if ((batch !== null && batch !== 1) || channels !== 3) return refuse(shown);
  if (height !== width) return refuse(`${shown}: height and width have to be the same`);
  return { name: input.name, size: height ?? null };
}

function shapeOfInput({ type }: ValueInfoProto): { elemType: DataType; sizes: (number | null)[] } {
  const tensor = type?.value.case === 'tensorType' ? type.value.value : undefined;
  const sizes = (tensor?.shape?.dim ?? []).map(({ value }) =>
    value.case === 'dimValue' && value.value > 0n ? Number(value.value) : null,
  );
  return { elemType: tensor?.elemType ?? DataType.UNDEFINED, sizes };
}
