import type { NodeProto } from '../../onnx/proto.js';
import { integersAttribute, textAttribute } from './attributes.js';
import type { Shapes } from './shapes.js';
import { withAttributes } from './with-attributes.js';

/**
 * Writes `auto_pad` of convolutions and pools as explicit pads, which depend on the input's size: SAME means
 * ⌈length / stride⌉ outputs with the odd pixel at the end (SAME_UPPER) or the beginning (SAME_LOWER).
 */
export function withExplicitPads(node: NodeProto, shapes: Shapes): NodeProto {
  const automatic = textAttribute(node, 'auto_pad', 'NOTSET');
  if (automatic === 'NOTSET') return node;
  const kernel = integersAttribute(node, 'kernel_shape') ?? shapes.get(node.input[1] ?? '')?.slice(2) ?? [];
  const lengths = shapes.get(node.input[0] ?? '')?.slice(2) ?? [];
  if (automatic === 'VALID' || lengths.length !== kernel.length) {
    return withAttributes(node, { auto_pad: undefined });
  }
  const totals = kernel.map((size, axis) => {
    const stride = integersAttribute(node, 'strides')?.[axis] ?? 1;
    const dilation = integersAttribute(node, 'dilations')?.[axis] ?? 1;
    const outputs = Math.ceil(lengths[axis]! / stride);
    return Math.max(0, (outputs - 1) * stride + dilation * (size - 1) + 1 - lengths[axis]!);
  });
  const small = totals.map((total) => Math.floor(total / 2));
  const large = totals.map((total, axis) => total - small[axis]!);
  const pads = automatic === 'SAME_LOWER' ? [...large, ...small] : [...small, ...large];
  return withAttributes(node, { auto_pad: undefined, pads });
}
