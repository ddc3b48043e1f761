import type { RetrainRules } from '../../features/retrain/schemas.js';
import type { Command } from '../command.js';

const inWords = ({ newLabels, drift, novelFrames, everyHours }: RetrainRules): string =>
  [
    ...(newLabels === null ? [] : [`after ${newLabels} new labels`]),
    ...(drift ? ['after a drift alarm'] : []),
    ...(novelFrames === null ? [] : [`after ${novelFrames} novel frames`]),
    ...(everyHours === null ? [] : [`every ${everyHours} h`]),
  ].join(', or ') || 'only when somebody asks for it';

export const retrain: readonly Command[] = [
  {
    words: 'retrain show',
    help: 'when a run starts without being asked',
    async run({ api, output }) {
      const rules = await (await api()).request<RetrainRules>('GET', '/training/rules');
      output.show(rules, () => inWords(rules));
    },
  },
  {
    words: 'retrain set',
    help: 'what is not given holds no longer; every such run ends in a challenger, never in a rollout',
    options: {
      'new-labels': { value: 'N', help: 'after so many labels since the last training' },
      drift: { help: 'after a drift alarm' },
      'novel-frames': { value: 'N', help: 'after so many frames unlike what the model learnt from' },
      'every-hours': { value: 'N', help: 'so long after the last run' },
    },
    async run({ api, options, output }) {
      const rules = await (await api()).request<RetrainRules>('PUT', '/training/rules', {
        newLabels: options.number('new-labels') ?? null,
        drift: options.has('drift'),
        novelFrames: options.number('novel-frames') ?? null,
        everyHours: options.number('every-hours') ?? null,
      });
      output.show(rules, () => inWords(rules));
    },
  },
];
