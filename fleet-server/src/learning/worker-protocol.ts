import { type ErrorCode, errorCodes } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { ArchitectureInput, CheckedArchitecture } from './jobs/backbone.js';
import {
  InspectRequest,
  InspectResult,
  OrderRequest,
  OrderResult,
  UmapInput,
  UmapResult,
} from './jobs/explorer.js';
import { HeatMapInput, HeatMapResult, SelfTestInput, SelfTestResult } from './jobs/models.js';
import {
  EmbedInput,
  EmbedResult,
  MeasureInput,
  MeasureResult,
  NearPairsInput,
  NearPairsResult,
  SketchInput,
  SketchResult,
  ViewsInput,
  ViewsResult,
} from './jobs/pictures.js';
import {
  AnomalyInput,
  AnomalyResult,
  BootstrapInput,
  ModelFiles,
  SweepInput,
  SweepResult,
  TrainInput,
  TrainResult,
} from './jobs/training.js';
import { Count, closed } from './jobs/types.js';

/** What the learning process can be asked to do: what it is given, and what it answers. */
const jobs = {
  train: { input: TrainInput, result: TrainResult },
  anomaly: { input: AnomalyInput, result: AnomalyResult },
  sweep: { input: SweepInput, result: SweepResult },
  bootstrap: { input: BootstrapInput, result: ModelFiles },
  architecture: { input: ArchitectureInput, result: CheckedArchitecture },
  'self-test': { input: SelfTestInput, result: SelfTestResult },
  'heat-map': { input: HeatMapInput, result: HeatMapResult },
  views: { input: ViewsInput, result: ViewsResult },
  embed: { input: EmbedInput, result: EmbedResult },
  sketch: { input: SketchInput, result: SketchResult },
  measure: { input: MeasureInput, result: MeasureResult },
  'near-pairs': { input: NearPairsInput, result: NearPairsResult },
  order: { input: OrderRequest, result: OrderResult },
  inspect: { input: InspectRequest, result: InspectResult },
  umap: { input: UmapInput, result: UmapResult },
} as const;
type Jobs = typeof jobs;
export type JobName = keyof Jobs;

/** The results by job, for the caller's side. */
export type WorkerResults = { [Name in JobName]: Static<Jobs[Name]['result']> };
export type WorkerInputs = { [Name in JobName]: Static<Jobs[Name]['input']> };
export type WorkerJob = { [Name in JobName]: { type: Name; input: WorkerInputs[Name] } }[JobName];

const WorkerError = Type.Object(
  { code: Type.Unsafe<ErrorCode>(Type.Enum(errorCodes)), message: Type.String() },
  closed,
);
type WorkerError = Static<typeof WorkerError>;

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

/** Parent to worker: one job, then at most a cancel; and of each job folder that it was handed, the lines and the end. */
export type WorkerRequest =
  | WorkerJob
  | { type: 'cancel' }
  | { type: 'torch-line'; line: unknown }
  | { type: 'torch-end'; error: WorkerError | null };

/** Worker to parent: progress, and folders for the PyTorch trainer one after the other; then one result or one error. */
export type WorkerReply =
  | { type: 'progress'; progress: TrainingProgress }
  | { type: 'torch'; folder: string }
  | { [Name in JobName]: { type: 'result'; job: Name; result: WorkerResults[Name] } }[JobName]
  | ({ type: 'error' } & WorkerError);

const requestValidator = Compile(
  Type.Union([
    ...Object.entries(jobs).map(([name, { input }]) =>
      Type.Object({ type: Type.Literal(name), input }, closed),
    ),
    Type.Object({ type: Type.Literal('cancel') }, closed),
    Type.Object({ type: Type.Literal('torch-line'), line: Type.Unknown() }, closed),
    Type.Object({ type: Type.Literal('torch-end'), error: Type.Union([WorkerError, Type.Null()]) }, closed),
  ]),
);
const replyValidator = Compile(
  Type.Union([
    Type.Object({ type: Type.Literal('progress'), progress: TrainingProgress }, closed),
    Type.Object({ type: Type.Literal('torch'), folder: Type.String() }, closed),
    ...Object.entries(jobs).map(([name, { result }]) =>
      Type.Object({ type: Type.Literal('result'), job: Type.Literal(name), result }, closed),
    ),
    Type.Object({ type: Type.Literal('error'), ...WorkerError.properties }, closed),
  ]),
);

export const isWorkerRequest = (value: unknown): value is WorkerRequest => requestValidator.Check(value);
export const isWorkerReply = (value: unknown): value is WorkerReply => replyValidator.Check(value);
