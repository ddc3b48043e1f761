import Type, { type Static } from 'typebox';
import { Nullable } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

export const ruleNames = ['new-labels', 'drift', 'novel-frames', 'schedule'] as const;
export type RuleName = (typeof ruleNames)[number];

/** When to train without being asked; null: not by this rule. */
export const RetrainRules = Type.Object(
  {
    newLabels: Nullable(
      Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'So many labels since the last training' }),
    ),
    drift: Type.Boolean({ default: false, description: 'A drift alarm since the last training' }),
    novelFrames: Nullable(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description:
          'So many frames since the last training that cameras flagged as unlike what their model learnt from',
      }),
    ),
    everyHours: Nullable(
      Type.Integer({ minimum: 1, maximum: 8784, description: 'So long after the last run was started' }),
    ),
  },
  { additionalProperties: false },
);
export type RetrainRules = Static<typeof RetrainRules>;

export const getRetrainRules = defineRoute({
  method: 'GET',
  url: '/training/rules',
  tag: 'training',
  summary: 'When a run is started without being asked',
  access: 'viewer',
  response: RetrainRules,
});
export const setRetrainRules = defineRoute({
  method: 'PUT',
  url: '/training/rules',
  tag: 'training',
  summary:
    'Say when a run is started without being asked: after a first training, when there are new labels, as the last run was ' +
    'started, and at most once an hour. Its model is named the challenger; nothing is rolled out',
  access: 'engineer',
  body: RetrainRules,
  response: RetrainRules,
});
