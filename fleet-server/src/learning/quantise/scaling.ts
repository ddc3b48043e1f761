import {
  DataType,
  floatData,
  floats,
  type NodeProto,
  shapeOf,
  type TensorProto,
  tensor,
  type ValueInfoProto,
} from '../onnx/proto.js';
import { encodingSteps } from './activations.js';
import { activationsOf, consumersOf, type Network, producersOf } from './network.js';
import type { Range } from './ranges/range.js';

/** Of every element of a tensor: value = slope · source + shift. */
export interface Scaling {
  readonly source: string;
  readonly slope: number;
  readonly shift: number;
  /** From the last to the first. What they write nobody else reads. */
  readonly steps: readonly NodeProto[];
}

/** Finds the steps by one number each (a Mul, an Add) that lead to a tensor. */
export function scalingsIn(network: Network): (name: string) => Scaling {
  const producers = producersOf(network.nodes);
  const consumers = consumersOf(network.nodes);
  return (name) => {
    const steps: NodeProto[] = [];
    let [source, slope, shift] = [name, 1, 0];
    for (;;) {
      const step = producers.get(source);
      const alone = consumers.get(source)?.length === 1 && !network.outputs.has(source);
      const before = step && alone ? byOneNumber(step, network) : undefined;
      if (!step || !before) return { source, slope, shift, steps };
      steps.push(step);
      [source, slope, shift] = [before.source, slope * before.slope, shift + slope * before.shift];
    }
  };
}

function byOneNumber(
  { opType, input: [first = '', second = ''] }: NodeProto,
  { constants }: Network,
): Omit<Scaling, 'steps'> | undefined {
  const isSwapped = constants.has(first);
  const source = isSwapped ? second : first;
  const number = numberIn(constants.get(isSwapped ? first : second));
  if (number === undefined || constants.has(source)) return undefined;
  if (opType === 'Mul') return { source, slope: number, shift: 0 };
  if (opType === 'Add') return { source, slope: 1, shift: number };
  if (opType === 'Div' && !isSwapped) return { source, slope: 1 / number, shift: 0 };
  if (opType === 'Sub' && !isSwapped) return { source, slope: 1, shift: -number };
  return undefined;
}

const numberIn = (constant: TensorProto | undefined): number | undefined =>
  constant?.dataType === DataType.FLOAT && shapeOf(constant).every((length) => length === 1)
    ? floatData(constant)[0]
    : undefined;

const highestByte = 255;
/** Longer steps than of one byte would lose what the pictures hold. */
const longestStep = 1.02;
/** They move values, or average neighbours. */
const keepingBytes = new Set(['Unsqueeze', 'Transpose', 'Cast', 'Resize', 'SpaceToDepth', 'Reshape']);

/**
 * The range of pixels that are scaled by one number: known from their bytes, whatever the calibration pictures show, and such
 * that a byte is a step. Undefined for any other tensor.
 */
export function rangeOfPixels(
  { source, slope, shift }: Scaling,
  network: Network,
  producers: ReadonlyMap<string, NodeProto>,
): Range | undefined {
  const zero = -shift / slope;
  const step = shift === 0 ? 1 : zero / Math.floor(zero);
  const fits = slope > 0 && zero >= 0 && zero <= highestByte && step <= longestStep;
  if (!fits || !areBytes(source, network, producers)) return undefined;
  return { low: shift, high: shift + encodingSteps * step * slope };
}

function areBytes(name: string, network: Network, producers: ReadonlyMap<string, NodeProto>): boolean {
  for (let source = name; ; ) {
    const maker = producers.get(source);
    if (!maker) return network.proto.graph.input.some((input) => input.name === source && isOfBytes(input));
    const [before, ...others] = activationsOf(maker, network);
    if (before === undefined || others.length > 0 || !keepingBytes.has(maker.opType)) return false;
    source = before;
  }
}

const isOfBytes = ({ type }: ValueInfoProto): boolean =>
  type?.value.case === 'tensorType' && type.value.value.elemType === DataType.UINT8;

/** A QuantizeLinear of a scaled tensor reads the source, by another scale and zero point, where that gives the same bytes. */
export function foldScaling(network: Network): Network {
  const scalingOf = scalingsIn(network);
  const constants = new Map(network.constants);
  const dropped = new Set<NodeProto>();
  const nodes = network.nodes.map((own) => {
    if (own.opType !== 'QuantizeLinear') return own;
    const [name = '', scaleName = '', zeroName = ''] = own.input;
    const { source, slope, shift, steps } = scalingOf(name);
    const zero = constants.get(zeroName);
    const scale = numberIn(constants.get(scaleName));
    if (steps.length === 0 || slope <= 0 || !zero || scale === undefined) return own;
    const moved = movedZero(zero, shift / scale);
    if (!moved) return own;
    const names = { scale: `${scaleName}_of_source`, zero: `${zeroName}_of_source` };
    constants.set(names.scale, floats(names.scale, [scale / slope], []));
    constants.set(names.zero, tensor(names.zero, moved, []));
    for (const step of steps) dropped.add(step);
    return { ...own, input: [source, names.scale, names.zero] };
  });
  return { ...network, nodes: nodes.filter((own) => !dropped.has(own)), constants };
}

/** Undefined where that is no whole step, or none of the 8 bits. */
function movedZero(zero: TensorProto, steps: number): Uint8Array | Int8Array | undefined {
  const Bytes = zero.dataType === DataType.UINT8 ? Uint8Array : Int8Array;
  const [stored = 0] = Bytes.from(zero.rawData);
  const whole = Math.round(steps);
  const moved = Bytes.of(stored + whole);
  return moved[0] === stored + whole && Math.abs(steps - whole) < 1e-3 ? moved : undefined;
}
