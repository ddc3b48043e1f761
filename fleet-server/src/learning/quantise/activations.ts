import type { NodeProto } from '../onnx/proto.js';
import type { DeviceClassTraits } from './device-classes.js';
import type { Clamp } from './plan.js';
import type { Range } from './ranges/range.js';

/** Between the lowest and the highest of 8 bits. */
export const encodingSteps = 255;

/** real = scale · (stored − zeroPoint), stored in uint8 or int8. */
export interface ActivationEncoding {
  readonly scale: number;
  readonly zeroPoint: number;
  readonly type: DeviceClassTraits['activations'];
}

const lowest = (type: DeviceClassTraits['activations']): number => (type === 'uint8' ? 0 : -128);

export function encodingOf({ low, high }: Range, type: DeviceClassTraits['activations']): ActivationEncoding {
  // float32, as the graph will hold it. A tensor that was always zero needs some scale.
  const scale = Math.fround(Math.max((high - low) / encodingSteps, 1e-8));
  const zeroPoint = Math.max(0, Math.min(encodingSteps, Math.round(-low / scale))) + lowest(type);
  return { scale, zeroPoint, type };
}

/** True when saturating at the encoding's ends cuts where the Relu or Clip would, to half a step and rounding. */
export function reproducesClamp({ scale, zeroPoint, type }: ActivationEncoding, clamp: Clamp): boolean {
  const low = (lowest(type) - zeroPoint) * scale;
  const high = low + encodingSteps * scale;
  const slack = 0.51 * scale;
  return low >= clamp.low - slack && high <= clamp.high + slack;
}

/** Relu and Clip that the encodings of their outputs make superfluous. */
export const superfluous = (
  clamps: ReadonlyMap<NodeProto, Clamp>,
  encodings: ReadonlyMap<string, ActivationEncoding>,
): Map<NodeProto, Clamp> =>
  new Map(
    [...clamps].filter(([{ output }, clamp]) => {
      const encoding = encodings.get(output[0] ?? '');
      return encoding !== undefined && reproducesClamp(encoding, clamp);
    }),
  );
