import Type, { type Static } from 'typebox';
import { ModelComparison } from './comparison/report.js';
import { LearningCurve } from './curve/report.js';
import { InputSizeReport } from './input-size/report.js';
import { ClassificationMetrics } from './metrics.js';
import { tuneModes } from './tuning/modes.js';
import { VariantsReport } from './variants/report.js';

const Count = Type.Integer({ minimum: 0 });

const AcceptRule = {
  threshold: Type.Number({ minimum: 0, description: 'Above 1: the camera decides nothing alone' }),
  alpha: Type.Number({ minimum: 0, maximum: 1 }),
  n: Type.Integer({ minimum: 0, description: 'Out-of-fold frames the threshold was calibrated on' }),
  accepted: Type.Integer({ minimum: 0, description: 'Groups with a frame at or above the threshold' }),
  errors: Type.Integer({ minimum: 0, description: 'Of those, groups with a wrong one' }),
  method: Type.Union([
    Type.Literal('conformal-risk-control'),
    Type.Literal('fixed-sequence-testing'),
    Type.Literal('good-parts-tolerance'),
    Type.Literal('too-few-frames'),
    Type.Literal('bootstrap'),
  ]),
};

export const AcceptDecision = Type.Object(
  {
    ...AcceptRule,
    byClass: Type.Optional(
      Type.Array(Type.Object({ classId: Type.String(), ...AcceptRule }, { additionalProperties: false }), {
        description:
          'Of the answers of classes with an alpha of their own; the rest is then of those of all others',
      }),
    ),
  },
  { additionalProperties: false },
);
export type AcceptDecision = Static<typeof AcceptDecision>;

const Mode = Type.Enum(tuneModes);

/** How far the backbone was trained with the head, and what that was decided by. */
export const FineTuneReport = Type.Object(
  {
    asked: Mode,
    chosen: Mode,
    reason: Type.Enum(
      ['asked', 'gain', 'no-gain', 'too-few-groups', 'too-little-memory', 'no-tail', 'head-only'],
      {
        description: 'Why that mode: `gain` and `no-gain` are found by validation',
      },
    ),
    folds: Count,
    bestEpoch: Type.Integer({ minimum: 0, description: '0: the head alone' }),
    table: Type.Array(
      Type.Object(
        {
          epoch: Count,
          logLoss: Type.Number(),
          accuracy: Type.Number(),
          balancedAccuracy: Type.Number(),
        },
        { additionalProperties: false },
      ),
      { description: 'Answers on rows left out, by epoch; epoch 0 is the head alone' },
    ),
    gain: Type.Number({ description: 'Log-loss of epoch 0 less that of the best other one' }),
    gainError: Type.Number({ minimum: 0, description: 'Standard error of the gain, by groups' }),
    memoryBytes: Type.Optional(Type.Number({ minimum: 0, description: 'Estimated before the start' })),
    views: Type.Optional(Type.Integer({ minimum: 1, description: 'Augmented views of a picture' })),
  },
  { additionalProperties: false },
);
export type FineTuneReport = Static<typeof FineTuneReport>;

/** Which version of the test set the held-out figures are of, and how often models were judged on it by then. */
export const TestSetLook = Type.Object(
  {
    id: Type.String(),
    version: Type.Integer({ minimum: 1 }),
    sha256: Type.String({ description: 'Over its frames' }),
    look: Type.Integer({ minimum: 1, description: 'This run is the so-manieth judged on it' }),
    mostLooks: Type.Integer({ minimum: 1, description: 'Beyond so many it is worn out' }),
  },
  { additionalProperties: false },
);
export type TestSetLook = Static<typeof TestSetLook>;

/** What a training run found. Every figure has its n beside it. */
export const TrainingReport = Type.Object(
  {
    v: Type.Literal(1),
    space: Type.String({ description: 'Backbone: name and hash' }),
    frames: Type.Object(
      { train: Count, test: Count, skipped: Count },
      { additionalProperties: false, description: 'Frames used, and those that could not be read' },
    ),
    labels: Type.Array(
      Type.Object({ classId: Type.String(), train: Count, test: Count }, { additionalProperties: false }),
    ),
    heldOut: Type.Union([ClassificationMetrics, Type.Null()], {
      description: 'The shipped graph on the test split; null without one',
    }),
    outOfFold: Type.Object(
      {
        metrics: ClassificationMetrics,
        folds: Count,
        leftOut: Type.Integer({
          minimum: 0,
          description: 'Frames whose class has no other group, so that no fold can answer for them',
        }),
      },
      { additionalProperties: false },
    ),
    regularisation: Type.Object(
      {
        c: Type.Number({ exclusiveMinimum: 0 }),
        table: Type.Array(
          Type.Object(
            { c: Type.Number(), logLoss: Type.Number(), accuracy: Type.Number() },
            { additionalProperties: false },
          ),
        ),
      },
      { additionalProperties: false },
    ),
    inputSize: Type.Optional(InputSizeReport),
    fineTune: Type.Optional(FineTuneReport),
    temperature: Type.Number({ exclusiveMinimum: 0 }),
    decision: AcceptDecision,
    agreement: Type.Object(
      {
        n: Count,
        maxDifference: Type.Number({ minimum: 0 }),
        limit: Type.Number({ minimum: 0 }),
      },
      {
        additionalProperties: false,
        description: 'Largest |Δ probability|, shipped graph against the trainer',
      },
    ),
    variants: Type.Optional(VariantsReport),
    testSet: Type.Optional(TestSetLook),
    comparison: Type.Optional(ModelComparison),
    learningCurve: Type.Optional(
      Type.Union([LearningCurve, Type.Null()], { description: 'Null: too few groups to measure one' }),
    ),
    skipped: Type.Array(
      Type.Object(
        { frameId: Type.String(), path: Type.String(), message: Type.String() },
        { additionalProperties: false },
      ),
    ),
    seconds: Type.Record(Type.String(), Type.Number({ minimum: 0 }), { description: 'Phase → seconds' }),
  },
  { additionalProperties: false },
);
export type TrainingReport = Static<typeof TrainingReport>;
