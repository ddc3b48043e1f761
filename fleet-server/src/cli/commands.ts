import type { Command } from './command.js';
import { architectures } from './families/architectures.js';
import { archives } from './families/archives.js';
import { audit } from './families/audit.js';
import { classes } from './families/classes.js';
import { completion } from './families/completion.js';
import { datasets } from './families/datasets.js';
import { devices } from './families/devices.js';
import { keys } from './families/keys.js';
import { labels } from './families/labels.js';
import { models } from './families/models.js';
import { people } from './families/people.js';
import { retrain } from './families/retrain.js';
import { rollouts } from './families/rollouts.js';
import { sites } from './families/sites.js';
import { train } from './families/train.js';

/** Every command there is. */
export const commands: readonly Command[] = [
  ...devices,
  ...rollouts,
  ...sites,
  ...models,
  ...classes,
  ...datasets,
  ...labels,
  ...archives,
  ...train,
  ...retrain,
  ...architectures,
  ...people,
  ...keys,
  ...audit,
  completion(() => commands),
];
