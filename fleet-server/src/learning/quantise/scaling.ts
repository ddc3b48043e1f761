import {
  DataType,
  floatData,
  floats,
  type NodeProto,
  shapeOf,
  type TensorProto,
  tensor,
} from '../onnx/proto.js';
import { encodingSteps } from './activations.js';
import { consumersOf, type Network, producersOf } from './network.js';
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

/**
 * The range widened so far that the zero of a scaled tensor and of its source fall on steps of it: then the bytes of the
 * one are the bytes of the other.
 */
export function rangeOfBoth(range: Range, { slope, shift, steps }: Scaling): Range {
  if (steps.length === 0 || shift === 0 || slope <= 0) return range;
  const [low, high] = [Math.min(range.low, shift), Math.max(range.high, shift)];
  const stepsBetween = Math.floor((Math.abs(shift) * encodingSteps) / (high - low));
  if (stepsBetween === 0) return range;
  return { low, high: low + (encodingSteps * Math.abs(shift)) / stepsBetween };
}

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
