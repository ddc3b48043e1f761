import Type, { type Static } from 'typebox';
import { AnomalyReport } from '../anomaly/report.js';
import { Champion } from '../comparison/input.js';
import { changes } from '../finetune/augment.js';
import { regularisationNames } from '../finetune/options.js';
import { SerializedHead } from '../head/head.js';
import { WrittenFile } from '../package-files.js';
import { AcceptDecision, TrainingReport } from '../report.js';
import { SweepReport, sweepModes } from '../sweep/report.js';
import { trainers } from '../torch/trainers.js';
import { tuneModes } from '../tuning/modes.js';
import { VariantFile } from '../variants/report.js';
import { BackboneFile } from './backbone.js';
import { Count, closed } from './types.js';

export const TrainingClass = Type.Object({ id: Type.String(), name: Type.String() }, closed);
export type TrainingClass = Static<typeof TrainingClass>;

export const TrainingFrame = Type.Object(
  {
    frameId: Type.String(),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    path: Type.String({ description: 'The picture file' }),
    classId: Type.String(),
    group: Type.String({ description: 'Frames of one group are never in two folds' }),
    split: Type.Union([Type.Literal('train'), Type.Literal('test')]),
  },
  closed,
);
export type TrainingFrame = Static<typeof TrainingFrame>;

export const TrainInput = Type.Object(
  {
    frames: Type.Array(TrainingFrame),
    classes: Type.Array(TrainingClass, { minItems: 2 }),
    backbone: BackboneFile,
    outputDir: Type.String({ description: 'Where the package files are written' }),
    cacheDir: Type.Optional(Type.String({ description: 'Feature cache; absent: none' })),
    options: Type.Object(
      {
        alpha: Type.Number({
          exclusiveMinimum: 0,
          maximum: 1,
          description: 'Error share of what cameras decide alone',
        }),
        alphaByClass: Type.Optional(
          Type.Array(
            Type.Object(
              { classId: Type.String(), alpha: Type.Number({ exclusiveMinimum: 0, maximum: 1 }) },
              closed,
            ),
            { description: 'In its place for the answers of single classes' },
          ),
        ),
        mode: Type.Enum(tuneModes, { description: 'What is trained beside the head' }),
        trainer: Type.Optional(Type.Enum(trainers, { description: '`builtin` unless given' })),
        inputSize: Type.Optional(
          Type.Union([Type.Literal('auto'), Type.Integer({ minimum: 1 })], {
            description: "Height and width in pixels; absent: the backbone's own",
          }),
        ),
        changes: Type.Optional(
          Type.Array(Type.Enum(changes), { description: 'That augmentation makes; absent: all' }),
        ),
        regularisation: Type.Optional(Type.Enum(regularisationNames)),
        memoryBytes: Type.Integer({ minimum: 0, description: 'That fine-tuning may take' }),
        threads: Type.Integer({ minimum: 1 }),
        seed: Count,
      },
      closed,
    ),
    checkpointDir: Type.Optional(Type.String({ description: 'Where fine-tuning goes on after a kill' })),
    champion: Type.Optional(Champion),
  },
  closed,
);
export type TrainInput = Static<typeof TrainInput>;

export const ModelFiles = Type.Object(
  {
    model: WrittenFile,
    golden: WrittenFile,
    reference: Type.Union([WrittenFile, Type.Null()], { description: 'Reference embeddings; null: none' }),
    variants: Type.Array(VariantFile, { description: 'Forms of the model in fewer bits' }),
    head: Type.Union([SerializedHead, Type.Null()], {
      description: 'Null: no linear head, so that kept embeddings cannot be scored again',
    }),
    decision: AcceptDecision,
    classes: Type.Array(TrainingClass),
    space: Type.String(),
    dimensions: Type.Integer({ minimum: 1 }),
    licences: Type.Array(Type.String()),
  },
  { ...closed, description: 'What a model manifest is made from' },
);
export type ModelFiles = Static<typeof ModelFiles>;

export const bases = ['held_out', 'out_of_fold'] as const;

export const JudgedAnswer = Type.Object(
  {
    frameId: Type.String(),
    classId: Type.String({ description: 'Its label' }),
    answer: Type.String({ description: 'Class that the model took it for' }),
    confidence: Type.Number({ minimum: 0, maximum: 1 }),
    basis: Type.Enum(bases, {
      description: 'The shipped graph on the test split, or a model that had not seen it',
    }),
  },
  closed,
);
export type JudgedAnswer = Static<typeof JudgedAnswer>;

export const TrainResult = Type.Object(
  { files: ModelFiles, report: TrainingReport, answers: Type.Array(JudgedAnswer) },
  closed,
);
export type TrainResult = Static<typeof TrainResult>;

export const AnomalyInput = Type.Object(
  {
    frames: Type.Array(TrainingFrame, {
      description: 'Good ones teach; those of other classes are only measured with',
    }),
    goodClass: TrainingClass,
    backbone: BackboneFile,
    outputDir: Type.String({ description: 'Where the package files are written' }),
    options: Type.Object(
      {
        alpha: Type.Number({
          exclusiveMinimum: 0,
          maximum: 1,
          description: 'Share of good parts that may be flagged',
        }),
        threads: Type.Integer({ minimum: 1 }),
        seed: Count,
      },
      closed,
    ),
  },
  closed,
);
export type AnomalyInput = Static<typeof AnomalyInput>;

export const AnomalyResult = Type.Object({ files: ModelFiles, report: AnomalyReport }, closed);
export type AnomalyResult = Static<typeof AnomalyResult>;

export const SweepInput = Type.Object(
  {
    frames: Type.Array(TrainingFrame),
    classes: Type.Array(TrainingClass, { minItems: 2 }),
    candidates: Type.Array(
      Type.Object({ architecture: Type.String(), name: Type.String(), backbone: BackboneFile }, closed),
      { minItems: 1 },
    ),
    grid: Type.Object(
      {
        sizes: Type.Optional(
          Type.Array(Type.Integer({ minimum: 1 }), {
            minItems: 1,
            description: 'Absent: the native one and larger ones that the pictures fill',
          }),
        ),
        modes: Type.Array(Type.Enum(sweepModes)),
        regularisations: Type.Array(Type.Enum(regularisationNames), { minItems: 1 }),
      },
      closed,
    ),
    outputDir: Type.String(),
    cacheDir: Type.Optional(Type.String()),
    checkpointDir: Type.Optional(Type.String()),
    options: Type.Object({ memoryBytes: Count, threads: Type.Integer({ minimum: 1 }), seed: Count }, closed),
  },
  closed,
);
export type SweepInput = Static<typeof SweepInput>;

export const SweepResult = Type.Object({ report: SweepReport }, closed);
export type SweepResult = Static<typeof SweepResult>;

export const BootstrapInput = Type.Object(
  {
    classes: Type.Array(TrainingClass, { minItems: 2 }),
    backbone: BackboneFile,
    outputDir: Type.String(),
    alpha: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
  },
  closed,
);
export type BootstrapInput = Static<typeof BootstrapInput>;
