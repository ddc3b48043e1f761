import { LinesideError } from '@lineside/shared';
import type { Backbone } from '../backbone/default-backbone.js';
import { inferShapes } from '../finetune/graph/shapes.js';
import { DataType, parseModel, valueInfo } from '../onnx/proto.js';
import { seededRandom, shuffled } from '../random.js';

/** A feature map of the backbone that patches are described by. */
export interface Tap {
  /** Tensor float32 [1, channels, size, size] */
  readonly name: string;
  readonly channels: number;
  readonly size: number;
}

/** How a picture becomes `grid × grid` patches of `channels.length` numbers. */
export interface PatchLayout {
  readonly taps: readonly Tap[];
  /** Patches along a side. */
  readonly grid: number;
  /** Those of the joined maps' channels that are used, ascending. */
  readonly channels: readonly number[];
}

/** Steps of the input's pixels between patches. */
const stride = 16;
/** Covariances grow with the square: a hundred of 192 channels, drawn at random, do as well (Defard et al. 2020, 3.1). */
const mostChannels = 100;

/**
 * The maps of a backbone that show parts of a thing: at a sixteenth and an eighth of the input the last residual sum of each
 * width, or the last map at a sixteenth where there are no sums.
 * @throws LinesideError `model_contract` when the backbone has no map at a sixteenth; `model_invalid`
 */
export async function choosePatches(
  bytes: Uint8Array,
  { inputSize }: Pick<Backbone, 'inputSize'>,
  seed: number,
): Promise<PatchLayout> {
  const { graph } = parseModel(bytes);
  const input = graph.input[0]?.name ?? '';
  const shapes = await inferShapes({
    nodes: graph.node,
    initializers: graph.initializer,
    inputs: [valueInfo(input, DataType.FLOAT, [1, 3, inputSize, inputSize])],
  });
  const grid = Math.ceil(inputSize / stride);
  const maps = graph.node.flatMap(({ opType, output: [name = ''] }) => {
    const [batch, channels = 0, height, width, ...rest] = shapes.get(name) ?? [];
    const isMap = batch === 1 && height === width && rest.length === 0;
    return isMap && (height === grid || height === 2 * grid)
      ? [{ name, channels, size: height, isSum: opType === 'Add' }]
      : [];
  });
  const sums = maps.filter(({ isSum }) => isSum);
  const lastOfWidth = new Map(sums.map((map) => [`${map.size} ${map.channels}`, map]));
  const last = maps.findLast(({ size }) => size === grid);
  const chosen = lastOfWidth.size > 0 ? [...lastOfWidth.values()] : last ? [last] : [];
  if (chosen.length === 0) {
    throw new LinesideError('model_contract', `the backbone has no map of ${grid} by ${grid}`);
  }
  const total = chosen.reduce((sum, { channels }) => sum + channels, 0);
  const drawn = shuffled([...Array(total).keys()], seededRandom(seed)).slice(0, mostChannels);
  return {
    taps: chosen.map(({ name, channels, size }) => ({ name, channels, size })),
    grid,
    channels: drawn.sort((a, b) => a - b),
  };
}
