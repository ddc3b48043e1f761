import {
  type FineTuneContext,
  type FineTuneInput,
  fineTune,
} from '../../../src/learning/finetune/fine-tune.js';
import { cacheAtCut } from '../../../src/learning/finetune/inputs/cache-at-cut.js';
import { cutForMode, type FineTuneMode } from '../../../src/learning/finetune/modes.js';
import { defaultFineTuneOptions, type FineTuneOptions } from '../../../src/learning/finetune/options.js';
import { planTail } from '../../../src/learning/finetune/plan.js';
import { zeroHead } from '../../../src/learning/head/head.js';
import { drawTexture, textures } from '../fixtures.js';
import { side } from './small-nets.js';

const perClass = 12;

/** Three textures, twelve pictures each, every third for validation. */
export const labels = Int32Array.from({ length: 3 * perClass }, (_, row) => row % 3);
const rows = Int32Array.from(labels.keys());
export const validation = rows.filter((row) => Math.floor(row / 3) % 3 === 2);
export const train = rows.filter((row) => Math.floor(row / 3) % 3 !== 2);

export const picture = (row: number) => drawTexture(textures[labels[row]!]!, row, side, side);

export const options: FineTuneOptions = {
  ...defaultFineTuneOptions('tail'),
  epochs: 6,
  learningRate: 3e-3,
  patience: 6,
  seed: 1,
  threads: 1,
};

/** A run from a zero head on a small net. Batch 7 leaves the last batch of an epoch partial. */
export async function smallProblem(
  backbone: Uint8Array,
  mode: FineTuneMode,
  pictures = labels.length,
): Promise<FineTuneInput> {
  const size = { batch: 7 };
  const plan = await planTail(backbone, await cutForMode(backbone, mode, size), size);
  const inputs = await cacheAtCut(plan, pictures, async (row) => picture(row), {
    threads: 1,
    views: 1,
    seed: 1,
  });
  return { plan, inputs, head: zeroHead(3, plan.dimensions), labels, train, validation };
}

export const run = async (
  backbone: Uint8Array,
  mode: FineTuneMode,
  context: FineTuneContext = {},
  changed: Partial<FineTuneOptions> = {},
) => fineTune(await smallProblem(backbone, mode), { ...options, ...changed }, context);
