import { type Attribute, type NodeProto, node } from '../../onnx/proto.js';

/** A copy of a node with some attributes replaced or, where undefined, removed. */
export function withAttributes(
  own: NodeProto,
  changes: Readonly<Record<string, Attribute | undefined>>,
): NodeProto {
  const kept = own.attribute.filter(({ name }) => !(name in changes));
  const added = Object.fromEntries(
    Object.entries(changes).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  return { ...own, attribute: [...kept, ...node(own.opType, [], '', added).attribute] };
}
