import Type, { type Static } from 'typebox';
import { IdParams, Nullable, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';
import { launcherKinds } from '../../launchers/launcher.js';
import { ModelComparison } from '../../learning/comparison/report.js';
import { LearningCurve } from '../../learning/curve/report.js';
import { changes } from '../../learning/finetune/augment.js';
import { regularisationNames } from '../../learning/finetune/options.js';
import { InputSizeReport } from '../../learning/input-size/report.js';
import { bases } from '../../learning/jobs/training.js';
import { Proportion } from '../../learning/metrics.js';
import { TestSetLook } from '../../learning/report.js';
import { trainers } from '../../learning/torch/trainers.js';
import { tuneModes } from '../../learning/tuning/modes.js';
import { LeaksFound, leakCheckStates } from '../dataset-leaks/schemas.js';
import { ruleNames } from '../retrain/schemas.js';

const launchers = launcherKinds.filter((kind) => kind !== 'off');

export const trainingStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;

export const trainingKinds = ['classifier', 'anomaly', 'sweep'] as const;
export type TrainingKind = (typeof trainingKinds)[number];

export const TrainingRun = Type.Object({
  id: Type.String(),
  number: Type.Integer(),
  state: Type.Enum(trainingStates),
  kind: Type.Enum(trainingKinds),
  trainer: Type.Enum(trainers, { description: 'Who fine-tunes' }),
  rule: Nullable(Type.Enum(ruleNames, { description: 'By which rule it was started; null: by a person' })),
  architecture: Type.String({ description: 'Network it starts from' }),
  datasetVersionId: Type.String(),
  datasetNumber: Type.Integer(),
  leaks: Nullable(
    Type.Object(
      { state: Type.Enum(leakCheckStates), found: Nullable(LeaksFound) },
      { description: 'Whether the version tests on what it taught, as far as anybody looked' },
    ),
  ),
  createdAt: Timestamp,
  createdBy: Type.String(),
  startedAt: Nullable(Timestamp),
  finishedAt: Nullable(Timestamp),
  progress: Nullable(
    Type.Object({
      phase: Type.String(),
      done: Type.Number(),
      total: Type.Number(),
      message: Type.Optional(Type.String()),
    }),
  ),
  error: Nullable(Type.Object({ code: Type.String(), message: Type.String() })),
  modelVersionId: Nullable(Type.String()),
  report: Nullable(
    Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      additionalProperties: true,
      properties: {
        testSet: TestSetLook,
        comparison: ModelComparison,
        learningCurve: Nullable(LearningCurve),
        inputSize: InputSizeReport,
      },
      description: 'TrainingReport, AnomalyReport of an anomaly model, or SweepReport of a sweep',
    }),
  ),
});
export type TrainingRun = Static<typeof TrainingRun>;

export const startTraining = defineRoute({
  method: 'POST',
  url: '/training/runs',
  tag: 'training',
  summary: 'Start a training run on a dataset version, or on a new snapshot of the current labels',
  access: 'engineer',
  status: 201,
  body: Type.Object({
    datasetVersionId: Type.Optional(Type.String()),
    alpha: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 0.5,
        description:
          'Share of wrong decisions the cameras may make alone; of an anomaly model, share of good parts it may flag',
      }),
    ),
    alphaByClass: Type.Optional(
      Type.Array(
        Type.Object({
          classId: Type.String(),
          alpha: Type.Number({ exclusiveMinimum: 0, maximum: 0.5 }),
        }),
        {
          maxItems: 1000,
          description:
            'In place of `alpha` for what the cameras decide to be single classes; `alpha` is then for all other classes',
        },
      ),
    ),
    mode: Type.Optional(
      Type.Enum(tuneModes, {
        description:
          'What is trained beside the head: nothing, the tail of the backbone, or all of it. `auto`, the default: the tail ' +
          'where validation shows that it gains',
      }),
    ),
    changes: Type.Optional(
      Type.Array(Type.Enum(changes), {
        uniqueItems: true,
        description:
          'What augmentation may do to a picture that fine-tuning learns from; all of it unless given',
      }),
    ),
    kind: Type.Optional(
      Type.Enum(['classifier', 'anomaly'], {
        description:
          'A classifier, the default, or an anomaly model that learns from the frames of one class',
      }),
    ),
    architecture: Type.Optional(
      Type.String({ maxLength: 64, description: 'Network it starts from; `default` unless given' }),
    ),
    regularisation: Type.Optional(
      Type.Enum(regularisationNames, {
        description: 'How hard a tail is held back from learning its pictures by heart; `light` unless given',
      }),
    ),
    inputSize: Type.Optional(
      Type.Union([Type.Literal('auto'), Type.Integer({ minimum: 1 })], {
        description:
          'Height and width in pixels at which the network sees a picture, a multiple of 32 from 64 to 640. `auto`, the ' +
          'default: a larger one than its own where pictures have the pixels and validation shows that it gains',
      }),
    ),
    trainer: Type.Optional(
      Type.Enum(trainers, {
        description:
          'Who fine-tunes: the server itself unless given, or the PyTorch trainer where one is configured',
      }),
    ),
    goodClassId: Type.Optional(
      Type.String({ description: 'Class of the good parts that an anomaly model learns from' }),
    ),
  }),
  response: TrainingRun,
});
export const listTrainers = defineRoute({
  method: 'GET',
  url: '/training/trainers',
  tag: 'training',
  summary: 'Who may fine-tune: the server itself, and the PyTorch trainer where one is configured',
  access: 'viewer',
  response: Type.Object({
    items: Type.Array(
      Type.Object({
        id: Type.Enum(trainers),
        launcher: Nullable(Type.Enum(launchers, { description: 'How it is started' })),
      }),
    ),
  }),
});
export const getAugmentedViews = defineRoute({
  method: 'GET',
  url: '/training/augmented-views',
  tag: 'training',
  summary: 'A frame as it is, and seven times as augmentation may change it, on one sheet',
  access: 'viewer',
  query: Type.Object({
    frameId: Type.String(),
    changes: Type.String({
      pattern: `^((${changes.join('|')})(,(?!$)|$))*$`,
      description: `Separated by commas, out of ${changes.join(', ')}; empty: none`,
    }),
    seed: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'Another one, other views' }),
    ),
  }),
  produces: 'image/png',
  perMinute: 60,
});
export const listTraining = defineRoute({
  method: 'GET',
  url: '/training/runs',
  tag: 'training',
  summary: 'Training runs, newest first',
  access: 'viewer',
  response: Type.Object({ items: Type.Array(TrainingRun) }),
});
export const getTraining = defineRoute({
  method: 'GET',
  url: '/training/runs/:id',
  tag: 'training',
  summary: 'One training run with progress and report',
  access: 'viewer',
  params: IdParams,
  response: TrainingRun,
});
export const cancelTraining = defineRoute({
  method: 'POST',
  url: '/training/runs/:id/cancel',
  tag: 'training',
  summary: 'Cancel a run that is queued or running',
  access: 'engineer',
  params: IdParams,
  response: TrainingRun,
});

const Judged = Type.Object({
  frames: Type.Integer({ description: 'Frames in it' }),
  confidence: Type.Number({ description: 'Mean of theirs' }),
  right: Proportion,
});
export const RunAnswers = Type.Object({
  basis: Nullable(
    Type.Enum(bases, {
      description: 'Held-out frames, or else out-of-fold answers; null: the run left no answers',
    }),
  ),
  frames: Type.Integer(),
  thresholds: Type.Array(
    Type.Object({
      threshold: Type.Number({ description: 'Frames of this confidence and above are decided alone' }),
      alone: Type.Integer({ description: 'Frames decided alone' }),
      wrong: Proportion,
    }),
    { description: 'From the strictest down, at most 200' },
  ),
  calibration: Type.Array(Judged, { description: 'Parts of equal size, from the least sure' }),
});
export type RunAnswers = Static<typeof RunAnswers>;

export const getRunAnswers = defineRoute({
  method: 'GET',
  url: '/training/runs/:id/answers',
  tag: 'training',
  summary:
    "What a run's model would decide alone at any threshold, and how far its confidence can be trusted",
  access: 'viewer',
  params: IdParams,
  query: Type.Object({
    answered: Type.Optional(Type.String({ description: 'Only frames that the model took for this class' })),
  }),
  response: RunAnswers,
});
