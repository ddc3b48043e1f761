import { LinesideError } from '@lineside/shared';
import { encodingOf } from './activations.js';
import { deviceClasses, type IntegerClass } from './device-classes.js';
import { foldBatchNormalization } from './fold-batch-normalization.js';
import { type Network, producersOf, readNetwork, writeNetwork } from './network.js';
import { type Observed, observe, type Pictures } from './observe.js';
import { type Plan, planQuantisation } from './plan.js';
import { type RangeMethod, rangeMethods } from './ranges/methods.js';
import { rewrite } from './rewrite.js';
import { foldScaling, rangeOfPixels, scalingsIn } from './scaling.js';
import { splitStem } from './split-stem.js';

/** A float classifier and what its activations were on the calibration pictures: enough for any variant of it. */
export interface CalibratedNetwork {
  readonly network: Network;
  readonly plan: Plan;
  readonly observed: Observed;
}

/**
 * Reads an ONNX classifier of the image contract, folds BatchNormalization, and watches the tensors that will have 8 bits
 * on calibration pictures. The caller chooses those so that every class is among them, and rare ones as often as common ones.
 * @throws LinesideError `model_invalid`; `inference_failed`; `training_too_few` without a picture.
 */
export async function calibrateNetwork(
  bytes: Uint8Array,
  pictures: Pictures,
  threads: number,
): Promise<CalibratedNetwork> {
  const network = splitStem(foldBatchNormalization(readNetwork(bytes)));
  const plan = planQuantisation(network);
  const observed = await observe(network, plan, pictures, threads);
  if (observed.pictures === 0) throw new LinesideError('training_too_few', 'no calibration picture');
  return { network, plan, observed };
}

/** Static INT8 in QDQ form for a device class: same inputs and outputs, embedding and probabilities still float32. */
export function quantiseNetwork(
  { network, plan, observed }: CalibratedNetwork,
  deviceClass: IntegerClass,
  rangeMethod: RangeMethod = 'percentile',
): Uint8Array<ArrayBuffer> {
  const { activations, weightLimit } = deviceClasses[deviceClass];
  const scalingOf = scalingsIn(network);
  const producers = producersOf(network.nodes);
  const encodings = new Map(
    Array.from(plan.rangeOf, ([name, source]) => {
      const pixels = rangeOfPixels(scalingOf(name), network, producers);
      const range = pixels ?? rangeMethods[rangeMethod](observed.histograms.get(source)!);
      return [name, encodingOf(range, activations)] as const;
    }),
  );
  return writeNetwork(foldScaling(rewrite(network, plan, encodings, observed.means, weightLimit)));
}
