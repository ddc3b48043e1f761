import { AttributeProto_AttributeType as AttributeType } from 'onnx-buf';
import type { NodeProto } from '../../onnx/proto.js';

const find = (node: NodeProto, name: string) => node.attribute.find((attribute) => attribute.name === name);

export function integerAttribute(node: NodeProto, name: string, absent: number): number {
  const found = find(node, name);
  return found?.type === AttributeType.INT ? Number(found.i) : absent;
}

export function floatAttribute(node: NodeProto, name: string, absent: number): number {
  const found = find(node, name);
  return found?.type === AttributeType.FLOAT ? found.f : absent;
}

export function textAttribute(node: NodeProto, name: string, absent: string): string {
  const found = find(node, name);
  return found?.type === AttributeType.STRING ? new TextDecoder().decode(found.s) : absent;
}

export function integersAttribute(node: NodeProto, name: string): number[] | undefined {
  const found = find(node, name);
  return found?.type === AttributeType.INTS ? found.ints.map(Number) : undefined;
}

/** How an error names a node: its operator and its name, or its output where it has none. */
export const describeNode = (node: NodeProto): string =>
  `${node.opType} ${node.name || node.output[0] || '(unnamed)'}`;
