import { type ErrorCode, errorCodes } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { AnomalyReport } from './anomaly/report.js';
import { normalisations } from './architecture/preparations.js';
import { Tunable } from './architecture/tunable.js';
import { Champion } from './comparison/input.js';
import { changes } from './finetune/augment.js';
import { regularisationNames } from './finetune/options.js';
import { SerializedHead } from './head/head.js';
import { WrittenFile } from './package-files.js';
import { AcceptDecision, TrainingReport } from './report.js';
import { SweepReport, sweepModes } from './sweep/report.js';
import { trainers } from './torch/trainers.js';
import { tuneModes } from './tuning/modes.js';
import { VariantFile } from './variants/report.js';

const closed = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0 });

const Floats = (description: string) =>
  Type.Refine(
    Type.Unsafe<Float32Array>({ description }),
    (value) => value instanceof Float32Array,
    () => 'must be a Float32Array',
  );

export const BackboneFile = Type.Object(
  {
    name: Type.String(),
    space: Type.String(),
    path: Type.String(),
    inputSize: Type.Integer({ minimum: 1 }),
    dimensions: Type.Integer({ minimum: 1 }),
    licences: Type.ReadonlyType(Type.Array(Type.String())),
    fixedSize: Type.Optional(Type.Boolean({ description: 'Takes pictures of its own size only' })),
    headOnly: Type.Optional(Type.String({ description: 'Why its tail cannot be fine-tuned' })),
  },
  closed,
);

export const ArchitectureInput = Type.Object(
  {
    path: Type.String({ description: 'The ONNX file as it was uploaded' }),
    name: Type.String(),
    inputSize: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Pixels, where the file leaves it open' }),
    ),
    normalisation: Type.Enum(normalisations),
    outputDir: Type.String(),
  },
  closed,
);
export type ArchitectureInput = Static<typeof ArchitectureInput>;

export const CheckedArchitecture = Type.Object(
  {
    file: WrittenFile,
    inputSize: Type.Integer({ minimum: 1 }),
    dimensions: Type.Integer({ minimum: 1 }),
    head: Type.String({ description: 'The node that was cut away' }),
    opset: Type.Integer(),
    operators: Type.Array(Type.String()),
    parameters: Count,
    resizable: Type.Boolean({ description: 'Takes pictures of other sizes with the same weights' }),
    tunable: Tunable,
  },
  closed,
);
export type CheckedArchitecture = Static<typeof CheckedArchitecture>;

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

export const SelfTestInput = Type.Object(
  {
    modelPath: Type.String({ description: 'Float graph of a package from elsewhere' }),
    goldenPath: Type.String(),
    dimensions: Type.Integer({ minimum: 1 }),
    classes: Type.Integer({ minimum: 1 }),
  },
  closed,
);
export type SelfTestInput = Static<typeof SelfTestInput>;

export const SelfTestResult = Type.Object(
  { frames: Count, maxDifference: Type.Number({ minimum: 0 }) },
  closed,
);
export type SelfTestResult = Static<typeof SelfTestResult>;

export const HeatMapInput = Type.Object(
  {
    modelPath: Type.String({ description: 'An anomaly model' }),
    imagePath: Type.String(),
    limit: Type.Number({ minimum: 0, description: 'Highest score that passes for good' }),
  },
  closed,
);
export type HeatMapInput = Static<typeof HeatMapInput>;

const Png = Type.Refine(
  Type.Unsafe<Uint8Array>({}),
  (value) => value instanceof Uint8Array,
  () => 'must be a Uint8Array',
);

export const HeatMapResult = Type.Object({ png: Png, score: Type.Number() }, closed);
export type HeatMapResult = Static<typeof HeatMapResult>;

export const ViewsInput = Type.Object(
  {
    imagePath: Type.String(),
    changes: Type.Array(Type.Enum(changes)),
    seed: Count,
  },
  closed,
);
export type ViewsInput = Static<typeof ViewsInput>;

export const ViewsResult = Type.Object({ png: Png }, closed);
export type ViewsResult = Static<typeof ViewsResult>;

export const OrderRequest = Type.Object(
  {
    candidates: Floats('[n, dimensions] raw embeddings'),
    labelled: Floats('[m, dimensions] raw embeddings'),
    dimensions: Type.Integer({ minimum: 1 }),
    head: Type.Union([SerializedHead, Type.Null()], {
      description: 'Of the running model; null before the first: typical frames come first',
    }),
    classNames: Type.Array(Type.String(), { description: "In the order of the head's classes" }),
    seed: Count,
  },
  closed,
);
export type OrderRequest = Static<typeof OrderRequest>;

export const OrderResult = Type.Array(
  Type.Object(
    { index: Count, score: Type.Number({ minimum: 0, maximum: 1 }), reason: Type.String() },
    closed,
  ),
);
export type OrderResult = Static<typeof OrderResult>;

const Whole = (description: string) =>
  Type.Refine(
    Type.Unsafe<Int32Array>({ description }),
    (value) => value instanceof Int32Array,
    () => 'must be an Int32Array',
  );

export const InspectRequest = Type.Object(
  {
    features: Floats('[n, dimensions] raw embeddings, the earliest frame first'),
    dimensions: Type.Integer({ minimum: 1 }),
    labels: Whole('[n]; −1: no label'),
    groups: Type.Array(Type.String()),
    classes: Count,
    seed: Count,
  },
  closed,
);
const Row = Type.Union([Count, Type.Null()]);
const Score = Type.Union([Type.Number({ minimum: 0 }), Type.Null()]);
export const InspectResult = Type.Array(
  Type.Object(
    {
      x: Type.Number(),
      y: Type.Number(),
      cluster: Count,
      oddness: Type.Number({ minimum: 0 }),
      suggested: Row,
      suspicion: Score,
      outlier: Score,
      duplicateOf: Row,
    },
    closed,
  ),
  { description: 'Of each row' },
);
export type InspectResult = Static<typeof InspectResult>;

export const EmbedInput = Type.Object(
  {
    modelPath: Type.String(),
    dimensions: Type.Integer({ minimum: 1 }),
    paths: Type.Array(Type.String(), { description: 'Picture files' }),
    threads: Type.Integer({ minimum: 1 }),
  },
  closed,
);
export type EmbedInput = Static<typeof EmbedInput>;

export const EmbedResult = Type.Array(Type.Union([Floats('[dimensions]'), Type.Null()]), {
  description: 'In the order of the paths; null: not readable',
});
export type EmbedResult = Static<typeof EmbedResult>;

const Shorts = (description: string) =>
  Type.Refine(
    Type.Unsafe<Int16Array>({ description }),
    (value) => value instanceof Int16Array,
    () => 'must be an Int16Array',
  );

export const SketchInput = Type.Object({ paths: Type.Array(Type.String()) }, closed);
export const SketchResult = Type.Array(Type.Union([Shorts('[783]'), Type.Null()]), {
  description: 'In the order of the paths; null: not readable',
});
export type SketchResult = Static<typeof SketchResult>;

export const MeasureInput = Type.Object({ paths: Type.Array(Type.String()) }, closed);
export const MeasureResult = Type.Array(
  Type.Union([
    Type.Object({ brightness: Type.Number(), contrast: Type.Number(), sharpness: Type.Number() }, closed),
    Type.Null(),
  ]),
  { description: 'In the order of the paths; null: not readable' },
);
export type MeasureResult = Static<typeof MeasureResult>;

export const NearPairsInput = Type.Object(
  {
    sketches: Shorts('[n, length], those of the test split first'),
    length: Type.Integer({ minimum: 1 }),
    cameras: Whole('[n]'),
    tests: Count,
  },
  closed,
);
export const NearPairsResult = Type.Array(
  Type.Object({ test: Count, train: Count, similarity: Type.Number() }, closed),
);
export type NearPairsResult = Static<typeof NearPairsResult>;

export const UmapInput = Type.Object(
  {
    path: Type.String({ description: 'File of raw embeddings, float32 [count, dimensions]' }),
    count: Type.Integer({ minimum: 1 }),
    dimensions: Type.Integer({ minimum: 1 }),
    mostFitted: Type.Integer({ minimum: 1 }),
    seed: Count,
  },
  closed,
);
export const UmapResult = Type.Object(
  { x: Floats('[count], in [−1, 1]'), y: Floats('[count], in [−1, 1]'), fitted: Count },
  closed,
);
export type UmapResult = Static<typeof UmapResult>;

const Code = Type.Unsafe<ErrorCode>(Type.Enum(errorCodes));
const WorkerError = Type.Object({ code: Code, message: Type.String() }, closed);

/** Parent to worker: one job, then at most a cancel; and of each job folder that it was handed, the lines and the end. */
export const WorkerRequest = Type.Union([
  Type.Object({ type: Type.Literal('train'), input: TrainInput }, closed),
  Type.Object({ type: Type.Literal('anomaly'), input: AnomalyInput }, closed),
  Type.Object({ type: Type.Literal('bootstrap'), input: BootstrapInput }, closed),
  Type.Object({ type: Type.Literal('heat-map'), input: HeatMapInput }, closed),
  Type.Object({ type: Type.Literal('views'), input: ViewsInput }, closed),
  Type.Object({ type: Type.Literal('self-test'), input: SelfTestInput }, closed),
  Type.Object({ type: Type.Literal('order'), input: OrderRequest }, closed),
  Type.Object({ type: Type.Literal('inspect'), input: InspectRequest }, closed),
  Type.Object({ type: Type.Literal('embed'), input: EmbedInput }, closed),
  Type.Object({ type: Type.Literal('sketch'), input: SketchInput }, closed),
  Type.Object({ type: Type.Literal('measure'), input: MeasureInput }, closed),
  Type.Object({ type: Type.Literal('near-pairs'), input: NearPairsInput }, closed),
  Type.Object({ type: Type.Literal('umap'), input: UmapInput }, closed),
  Type.Object({ type: Type.Literal('sweep'), input: SweepInput }, closed),
  Type.Object({ type: Type.Literal('architecture'), input: ArchitectureInput }, closed),
  Type.Object({ type: Type.Literal('cancel') }, closed),
  Type.Object({ type: Type.Literal('torch-line'), line: Type.Unknown() }, closed),
  Type.Object({ type: Type.Literal('torch-end'), error: Type.Union([WorkerError, Type.Null()]) }, closed),
]);
export type WorkerRequest = Static<typeof WorkerRequest>;
export type WorkerJob = Exclude<WorkerRequest, { type: 'cancel' | 'torch-line' | 'torch-end' }>;

export const trainingPhases = [
  'size',
  'sweep',
  'features',
  'validate',
  'curve',
  'finetune',
  'compose',
  'verify',
  'variants',
  'compare',
  'inspect',
] as const;

export const TrainingProgress = Type.Object(
  {
    phase: Type.Enum(trainingPhases),
    done: Count,
    total: Count,
    message: Type.String(),
  },
  closed,
);
export type TrainingProgress = Static<typeof TrainingProgress>;

/** Worker to parent: progress, and folders for the PyTorch trainer one after the other; then one result or one error. */
export const WorkerReply = Type.Union([
  Type.Object({ type: Type.Literal('progress'), progress: TrainingProgress }, closed),
  Type.Object({ type: Type.Literal('torch'), folder: Type.String() }, closed),
  Type.Object({ type: Type.Literal('result'), job: Type.Literal('train'), result: TrainResult }, closed),
  Type.Object({ type: Type.Literal('result'), job: Type.Literal('anomaly'), result: AnomalyResult }, closed),
  Type.Object({ type: Type.Literal('result'), job: Type.Literal('bootstrap'), result: ModelFiles }, closed),
  Type.Object({ type: Type.Literal('result'), job: Type.Literal('heat-map'), result: HeatMapResult }, closed),
  Type.Object({ type: Type.Literal('result'), job: Type.Literal('views'), result: ViewsResult }, closed),
  Type.Object(
    { type: Type.Literal('result'), job: Type.Literal('self-test'), result: SelfTestResult },
    closed,
  ),
  Type.Object({ type: Type.Literal('result'), job: Type.Literal('order'), result: OrderResult }, closed),
  Type.Object({ type: Type.Literal('result'), job: Type.Literal('inspect'), result: InspectResult }, closed),
  Type.Object({ type: Type.Literal('result'), job: Type.Literal('sketch'), result: SketchResult }, closed),
  Type.Object({ type: Type.Literal('result'), job: Type.Literal('measure'), result: MeasureResult }, closed),
  Type.Object(
    { type: Type.Literal('result'), job: Type.Literal('near-pairs'), result: NearPairsResult },
    closed,
  ),
  Type.Object({ type: Type.Literal('result'), job: Type.Literal('umap'), result: UmapResult }, closed),
  Type.Object({ type: Type.Literal('result'), job: Type.Literal('sweep'), result: SweepResult }, closed),
  Type.Object({ type: Type.Literal('result'), job: Type.Literal('embed'), result: EmbedResult }, closed),
  Type.Object(
    { type: Type.Literal('result'), job: Type.Literal('architecture'), result: CheckedArchitecture },
    closed,
  ),
  Type.Object(
    {
      type: Type.Literal('error'),
      code: Code,
      message: Type.String(),
    },
    closed,
  ),
]);
export type WorkerReply = Static<typeof WorkerReply>;

const requestValidator = Compile(WorkerRequest);
const replyValidator = Compile(WorkerReply);

export const isWorkerRequest = (value: unknown): value is WorkerRequest => requestValidator.Check(value);
export const isWorkerReply = (value: unknown): value is WorkerReply => replyValidator.Check(value);

/** The results by job, for the caller's side. */
export interface WorkerResults {
  train: TrainResult;
  anomaly: AnomalyResult;
  bootstrap: ModelFiles;
  'heat-map': HeatMapResult;
  views: ViewsResult;
  'self-test': SelfTestResult;
  order: OrderResult;
  inspect: InspectResult;
  embed: EmbedResult;
  umap: UmapResult;
  sketch: SketchResult;
  measure: MeasureResult;
  'near-pairs': NearPairsResult;
  architecture: CheckedArchitecture;
  sweep: SweepResult;
}
