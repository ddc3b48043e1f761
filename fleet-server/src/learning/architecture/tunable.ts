import { isErrorCode } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { cutForMode } from '../finetune/modes.js';
import { defaultFineTuneOptions } from '../finetune/options.js';
import { parameterGroups } from '../finetune/parameters.js';
import { planTail } from '../finetune/plan.js';
import { trainingGraph } from '../finetune/training-graph.js';

const Obstacle = (what: string) =>
  Type.Union([Type.String(), Type.Null()], { description: `Why ${what} cannot be fine-tuned; null: it can` });

export const Tunable = Type.Object(
  { tail: Obstacle('the tail'), whole: Obstacle('the whole net') },
  { additionalProperties: false },
);
export type Tunable = Static<typeof Tunable>;

/** More than one, so that a batch written into the graph is found. */
const batch = 2;

/** Builds the training graph of each mode; what it has no gradient for is named with its operator. */
export async function tunability(backbone: Uint8Array, inputSize: number): Promise<Tunable> {
  return {
    tail: await obstacle(backbone, 'tail', inputSize),
    whole: await obstacle(backbone, 'whole', inputSize),
  };
}

async function obstacle(
  backbone: Uint8Array,
  mode: 'tail' | 'whole',
  inputSize: number,
): Promise<string | null> {
  const size = { batch, inputSize };
  const classes = 2;
  try {
    const plan = await planTail(backbone, await cutForMode(backbone, mode, size), size);
    if (plan.nodes.length === 0 || plan.trainable.length === 0)
      return 'it has no weights that training could change';
    const groups = parameterGroups(plan.trainable, { classes, dimensions: plan.dimensions }, 1);
    trainingGraph(plan, groups, classes, defaultFineTuneOptions(mode));
    return null;
  } catch (error) {
    if (!isErrorCode(error, 'model_invalid', 'model_contract')) throw error;
    return error.message;
  }
}
