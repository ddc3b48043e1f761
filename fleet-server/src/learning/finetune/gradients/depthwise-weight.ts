import type { GraphBuilder } from '../graph/builder.js';
import type { Convolution } from './convolution-weight.js';
import type { BackwardStep } from './step.js';
import { moving } from './windows.js';

/** Output rows of a band, at most. */
const bandRows = 14;
/** Up to this width a product with ones moves columns faster than a pad does: at 14 five times, at 56 as fast. */
const productWidth = 56;

/** How the rows of a map are divided: `bands` of `rows` output rows; band b sees `seen` input rows from `first[b]` on. */
interface Bands {
  readonly bands: number;
  readonly rows: number;
  readonly seen: number;
  readonly first: readonly number[];
}

function bandsOf({ from, to, kernel, strides, dilations, before }: Convolution): Bands {
  const height = to[2] ?? 1;
  const bands = Math.ceil(height / bandRows);
  if (bands === 1) return { bands, rows: height, seen: from[2] ?? 1, first: [0] };
  const rows = Math.ceil(height / bands);
  const seen = (rows - 1) * strides[0] + (kernel[0] - 1) * dilations[0] + 1;
  const first = Array.from({ length: bands }, (_, band) => band * rows * strides[0] - before[0]);
  return { bands, rows, seen, first };
}

/** What a tap across sees of an output column is input column `stride · (output column + shift) + phase`. */
interface Column {
  readonly shift: number;
  readonly phase: number;
}

function columnsOf({ kernel, strides, dilations, before }: Convolution): Column[] {
  return Array.from({ length: kernel[1] }, (_, tap) => {
    const first = tap * dilations[1] - before[1];
    const shift = Math.floor(first / strides[1]);
    return { shift, phase: first - shift * strides[1] };
  });
}

/**
 * Gradient by the weights [C, 1, kh, kw] of a depthwise convolution. For every channel and every tap across, one matrix product
 * holds each output row against each input row of its band, summed over pictures and columns; of those products the taps
 * pick their pairs. The output's gradient is what is shifted, because with strides it is smaller than the input, of which
 * each phase is taken once. By measurement more than twice as fast as a convolution under the output's gradient, which
 * copies the input for every tap.
 */
export function depthwiseWeight({ graph, gradient }: BackwardStep, input: string, of: Convolution): string {
  const { kernel, strides, from, to, weightShape } = of;
  const [batch = 1, channels = 1, , inputWidth = 1] = from;
  const [, , height = 1, width = 1] = to;
  const split = bandsOf(of);
  const { bands, rows, seen } = split;
  const [phases, across] = [strides[1], Math.ceil(inputWidth / strides[1])];
  const byRow = (name: string) => graph.transpose(name, [1, 2, 0, 3]);
  const [under, over] = [byRow(gradient), byRow(input)];
  const inAllBands = padded(graph, under, [0, 0, 0, 0, 0, bands * rows - height, 0, 0]);
  const shiftedBy = once((shift) =>
    graph.reshape(shifted(graph, inAllBands, shift, width, across), [channels, bands, rows, batch * across]),
  );
  const ofPhase = once((phase) => {
    const columns = phases === 1 ? over : graph.slice(over, [phase], [inputWidth], [3], [phases]);
    const missing = across - Math.ceil((inputWidth - phase) / phases);
    const even = padded(graph, columns, [0, 0, 0, 0, 0, 0, 0, missing]);
    const inBands = graph.reshape(banded(graph, even, of, split), [channels, bands, seen, batch * across]);
    return graph.transpose(inBands, [0, 1, 3, 2]);
  });
  const joined = pairs(graph, of, split);
  const taps = columnsOf(of).map(({ shift, phase }) => {
    const products = graph.op('MatMul', [shiftedBy(shift), ofPhase(phase)]);
    const all = graph.reshape(products, [channels, bands * rows * seen]);
    return graph.reshape(graph.op('MatMul', [all, joined]), [channels, kernel[0], 1]);
  });
  return graph.reshape(graph.op('Concat', taps, { axis: 2 }), weightShape);
}

/** Makes what belongs to a number when it is first asked for. */
function once(make: (key: number) => string): (key: number) => string {
  const made = new Map<number, string>();
  return (key) => {
    const name = made.get(key) ?? make(key);
    made.set(key, name);
    return name;
  };
}

/** Columns `width` of the last axis as `across`, each moved by `shift`; zeros come in. */
function shifted(graph: GraphBuilder, name: string, shift: number, width: number, across: number): string {
  if (width > productWidth || (shift === 0 && across === width)) {
    return padded(graph, name, [0, 0, 0, shift, 0, 0, 0, across - width - shift]);
  }
  return graph.op('MatMul', [name, moving(graph, width, across, (column) => column + shift)]);
}

/** Zeros around a tensor, `pads` as the operator has them; fewer than none are cut off. */
const padded = (graph: GraphBuilder, name: string, pads: readonly number[]): string =>
  pads.every((pad) => pad === 0) ? name : graph.op('Pad', [name, graph.int64(pads)]);

/** The rows [C, H, …] of each band, [C, bands · seen, …]; where there is none stands one that no pair asks. */
function banded(
  graph: GraphBuilder,
  byRow: string,
  { from }: Convolution,
  { bands, seen, first }: Bands,
): string {
  if (bands === 1) return byRow;
  const last = (from[2] ?? 1) - 1;
  const places = first.flatMap((start) =>
    Array.from({ length: seen }, (_, row) => Math.min(Math.max(start + row, 0), last)),
  );
  return graph.op('Gather', [byRow, graph.int64(places)], { axis: 1 });
}

/** [bands · rows · seen, kh]: one where a tap joins an output row with an input row of its band. */
function pairs(
  graph: GraphBuilder,
  { kernel, strides, dilations, before, from, to }: Convolution,
  { bands, rows, seen, first }: Bands,
): string {
  const [height, outputs] = [from[2] ?? 1, to[2] ?? 1];
  const joined = new Float32Array(bands * rows * seen * kernel[0]);
  for (let output = 0; output < outputs; output++) {
    const start = first[Math.floor(output / rows)] ?? 0;
    for (let tap = 0; tap < kernel[0]; tap++) {
      const row = output * strides[0] + tap * dilations[0] - before[0];
      if (row < 0 || row >= height) continue;
      joined[(output * seen + row - start) * kernel[0] + tap] = 1;
    }
  }
  return graph.floats(joined, [bands * rows * seen, kernel[0]]);
}
