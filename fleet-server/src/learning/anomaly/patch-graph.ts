import {
  embedded,
  embeddedName,
  graphNames,
  imageInput,
  type Part,
  preprocessing,
  squeezed,
} from '../compose.js';
import {
  DataType,
  floats,
  integers,
  model,
  node,
  serializeModel,
  tensor,
  type ValueInfoProto,
  valueInfo,
} from '../onnx/proto.js';
import { type Gaussians, scoredPatches } from './gaussians.js';
import type { ScoreMap } from './score-map.js';
import type { PatchLayout } from './taps.js';

/** Outputs of an anomaly model beside those of the contract; agents that do not know them leave them. */
export const anomalyNames = { score: 'anomaly_score', heatMap: 'heat_map', patches: 'patches' } as const;

interface BackboneSize {
  readonly inputSize: number;
  readonly dimensions: number;
}

/**
 * The taps to `patches` [places, d]: brought to one grid, each patch averaged with its neighbours (so that it knows its
 * surroundings and a shift by a few pixels changes little), and the drawn channels taken.
 */
function patchReading({ taps, grid, channels }: PatchLayout): Part {
  const nodes = taps.flatMap(({ name, size }, at) => {
    const local = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
    const halved = `patch_halved${at}`;
    return [
      ...(size > grid
        ? [node('AveragePool', [embeddedName(name)], halved, { kernel_shape: [2, 2], strides: [2, 2] })]
        : []),
      node('AveragePool', [size > grid ? halved : embeddedName(name)], `patch_map${at}`, local),
    ];
  });
  const maps = taps.map((_, at) => `patch_map${at}`);
  return {
    initializers: [
      integers('patch_channels', channels),
      integers('patch_shape', [channels.length, grid * grid]),
    ],
    nodes: [
      ...nodes,
      node('Concat', maps, 'patch_joined', { axis: 1 }),
      node('Gather', ['patch_joined', 'patch_channels'], 'patch_chosen', { axis: 1 }),
      node('Reshape', ['patch_chosen', 'patch_shape'], 'patch_columns'),
      node('Transpose', ['patch_columns'], anomalyNames.patches, { perm: [1, 0] }),
    ],
  };
}

/** `patches` to `heat_map` [grid, grid] and `anomaly_score` [1]: the whitened distance, ‖W(x − μ)‖/√d, as one MatMul. */
function scoring({ places, dimensions: d, means, whitening }: Gaussians, grid: number): Part {
  const columns = new Float32Array(whitening.length);
  for (let start = 0; start < whitening.length; start += d * d) {
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < d; j++) columns[start + j * d + i] = whitening[start + i * d + j]!;
    }
  }
  return {
    initializers: [
      tensor('gauss_means', means, [places, d]),
      tensor('gauss_whitening', columns, [places, d, d]),
      integers('gauss_row_axis', [1]),
      integers('gauss_axes', [1, 2]),
      integers('gauss_grid', [grid, grid]),
      integers('score_count', [Math.min(scoredPatches, places)]),
      integers('score_axis', [0]),
    ],
    nodes: [
      node('Sub', [anomalyNames.patches, 'gauss_means'], 'gauss_centred'),
      node('Unsqueeze', ['gauss_centred', 'gauss_row_axis'], 'gauss_rows'),
      node('MatMul', ['gauss_rows', 'gauss_whitening'], 'gauss_whitened'),
      node('Mul', ['gauss_whitened', 'gauss_whitened'], 'gauss_squares'),
      node('ReduceMean', ['gauss_squares', 'gauss_axes'], 'gauss_mean_squares', { keepdims: 0 }),
      node('Sqrt', ['gauss_mean_squares'], 'gauss_distances'),
      node('Reshape', ['gauss_distances', 'gauss_grid'], anomalyNames.heatMap),
      {
        ...node('TopK', ['gauss_distances', 'score_count'], 'score_highest'),
        output: ['score_highest', 'score_places'],
      },
      node('ReduceMean', ['score_highest', 'score_axis'], anomalyNames.score, { keepdims: 1 }),
    ],
  };
}

/** `anomaly_score` to `probabilities` [good, anomaly]. */
function mapping({ slope, middle, ceiling }: ScoreMap): Part {
  return {
    initializers: [
      floats('map_slope', [slope], [1]),
      floats('map_shift', [-slope * middle], [1]),
      floats('map_ceiling', [ceiling], [1]),
      floats('map_one', [1], [1]),
    ],
    nodes: [
      node('Mul', [anomalyNames.score, 'map_slope'], 'map_scaled'),
      node('Add', ['map_scaled', 'map_shift'], 'map_logit'),
      node('Sigmoid', ['map_logit'], 'map_sigmoid'),
      node('Mul', ['map_sigmoid', 'map_ceiling'], 'map_anomaly'),
      node('Sub', ['map_one', 'map_anomaly'], 'map_good'),
      node('Concat', ['map_good', 'map_anomaly'], graphNames.probabilities, { axis: 0 }),
    ],
  };
}

function compose(name: string, parts: readonly Part[], outputs: readonly ValueInfoProto[]): Uint8Array {
  return serializeModel(
    model({
      name,
      nodes: parts.flatMap((part) => part.nodes),
      initializers: parts.flatMap((part) => part.initializers),
      inputs: [imageInput()],
      outputs,
    }),
  );
}

const reading = (bytes: Uint8Array, { inputSize }: BackboneSize, layout: PatchLayout): Part[] => [
  preprocessing(inputSize),
  embedded(bytes, 'pre_pixels', 'embedding_batch'),
  squeezed,
  patchReading(layout),
];

/** `image` to `patches` [places, d] and `embedding`: what the trainer reads. */
export const composePatchReader = (bytes: Uint8Array, size: BackboneSize, layout: PatchLayout): Uint8Array =>
  compose('patch-reader', reading(bytes, size, layout), [
    valueInfo(anomalyNames.patches, DataType.FLOAT, [layout.grid ** 2, layout.channels.length]),
    valueInfo(graphNames.embedding, DataType.FLOAT, [size.dimensions]),
  ]);

/**
 * The whole model: `image` to `probabilities` [good, anomaly] and `embedding` as of any model, and beside them
 * `anomaly_score` [1] and `heat_map` [grid, grid] in the same unit, in which a good part is about 1.
 */
export const composeAnomalyModel = (
  bytes: Uint8Array,
  size: BackboneSize,
  layout: PatchLayout,
  gaussians: Gaussians,
  map: ScoreMap,
): Uint8Array =>
  compose(
    'lineside-anomaly',
    [...reading(bytes, size, layout), scoring(gaussians, layout.grid), mapping(map)],
    [
      valueInfo(graphNames.probabilities, DataType.FLOAT, [2]),
      valueInfo(graphNames.embedding, DataType.FLOAT, [size.dimensions]),
      valueInfo(anomalyNames.score, DataType.FLOAT, [1]),
      valueInfo(anomalyNames.heatMap, DataType.FLOAT, [layout.grid, layout.grid]),
    ],
  );
