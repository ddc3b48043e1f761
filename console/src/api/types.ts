import type { paths } from './schema.gen.js';

type Json<R> = R extends { content: { 'application/json': infer T } } ? T : never;
type Body<O> = O extends { requestBody: { content: { 'application/json': infer T } } } ? T : never;
type Responses<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends { responses: infer R }
  ? R
  : never;
type Ok<P extends keyof paths, M extends keyof paths[P]> =
  Responses<P, M> extends { 200: infer R }
    ? Json<R>
    : Responses<P, M> extends { 201: infer R }
      ? Json<R>
      : never;

export type Me = Ok<'/api/v1/auth/me', 'get'>;
export type Role = Me['role'];
export type Device = Ok<'/api/v1/devices/{id}', 'get'>;
export type DeviceEvent = Ok<'/api/v1/devices/{id}/events', 'get'>['items'][number];
export type Camera = NonNullable<Device['reported']>['cameras'][number];
export type Telemetry = NonNullable<Device['telemetry']>;
export type DeviceSettings = Ok<'/api/v1/devices/{id}/settings', 'get'>;
export type Benchmark = Ok<'/api/v1/devices/{id}/benchmark', 'post'>;
export type Challenger = Ok<'/api/v1/challengers', 'get'>['items'][number];
export type Drift = Ok<'/api/v1/drift', 'get'>['items'][number];
export type ClaimToken = Ok<'/api/v1/devices/claim-tokens', 'post'>;
export type ClaimTokenList = Ok<'/api/v1/devices/claim-token-list', 'post'>;
export type ClassItem = Ok<'/api/v1/classes', 'get'>['items'][number];
export type ClassChange = Ok<'/api/v1/class-changes', 'get'>['items'][number];
export type BookEntry = Ok<'/api/v1/label-book', 'get'>['items'][number];
export type BookExample = BookEntry['examples'][number];
export type Frame = Ok<'/api/v1/frames/{id}', 'get'>['frame'];
export type FrameFilter = NonNullable<paths['/api/v1/explorer/summary']['get']['parameters']['query']>;
export type FrameSort = NonNullable<
  NonNullable<paths['/api/v1/explorer/frames']['get']['parameters']['query']>['sort']
>;
export type FrameSummary = Ok<'/api/v1/explorer/summary', 'get'>;
export type Inspection = Ok<'/api/v1/explorer/inspection', 'get'>;
export type UmapStatus = Ok<'/api/v1/explorer/umap', 'get'>;
export type FrameMap = Ok<'/api/v1/explorer/map', 'get'>;
export type Tile = Ok<'/api/v1/explorer/frames', 'get'>['items'][number];
export type FrameBox = ReviewItem['boxes'][number];
export type Neighbour = Ok<'/api/v1/frames/{id}/neighbours', 'get'>['items'][number];
export type ReviewItem = Ok<'/api/v1/review/leases', 'post'>['items'][number];
export type ReviewStats = Ok<'/api/v1/review/stats', 'get'>;
export type Answer = Body<paths['/api/v1/review/answers']['post']>['answer'];
export type AnswerBody = Body<paths['/api/v1/review/answers']['post']>;
export type LabelQuality = Ok<'/api/v1/label-quality', 'get'>;
export type OpinionSettings = Ok<'/api/v1/label-quality/settings', 'get'>;
export type Dispute = Ok<'/api/v1/adjudication', 'get'>['items'][number];
export type DatasetVersion = Ok<'/api/v1/datasets/{id}', 'get'>;
export type DatasetUse = Ok<'/api/v1/datasets/uses', 'get'>['items'][number]['uses'][number];
export type LiveBalance = Ok<'/api/v1/datasets/balance', 'get'>;
export type DatasetBalance = Ok<'/api/v1/datasets/{id}/balance', 'get'>;
export type DatasetDifference = Ok<'/api/v1/datasets/{id}/difference/{other}', 'get'>;
export type ChangeKind = keyof DatasetDifference['counts'];
export type ChangedFrame = Ok<'/api/v1/datasets/{id}/difference/{other}/frames', 'get'>['items'][number];
export type LeakCheck = Ok<'/api/v1/datasets/leaks', 'get'>['items'][number];
export type LeakPair = Ok<'/api/v1/datasets/{id}/leaks/pairs', 'get'>['items'][number];
export type Transfer = Ok<'/api/v1/transfers/{id}', 'get'>;
export type FrameRule = Ok<'/api/v1/frame-rules', 'get'>['rules'][number];
export type RulesDryRun = Ok<'/api/v1/frame-rules/dry-run', 'post'>;
export type TrainingRun = Ok<'/api/v1/training/runs/{id}', 'get'>;
export type Comparison = NonNullable<NonNullable<TrainingRun['report']>['comparison']>;
export type LearningCurve = NonNullable<NonNullable<TrainingRun['report']>['learningCurve']>;
export type RunAnswers = Ok<'/api/v1/training/runs/{id}/answers', 'get'>;
export type InputSize = NonNullable<NonNullable<TrainingRun['report']>['inputSize']>;
export type Sweep = Ok<'/api/v1/training/runs/{id}/sweep', 'get'>;
export type SweepRow = Sweep['rows'][number];
export type Architecture = Ok<'/api/v1/architectures/{id}', 'get'>;
export type TestSetLook = NonNullable<NonNullable<TrainingRun['report']>['testSet']>;
export type ModelLineage = Ok<'/api/v1/models/{id}/lineage', 'get'>;
export type FrameLineage = Ok<'/api/v1/frames/{id}/lineage', 'get'>;
export type StartTraining = Body<paths['/api/v1/training/runs']['post']>;
export type RetrainRules = Ok<'/api/v1/training/rules', 'get'>;
export type ModelVersion = Ok<'/api/v1/models/{id}', 'get'>;
export type Rollout = Ok<'/api/v1/rollouts/{id}', 'get'>['rollout'];
export type RolloutEvent = Ok<'/api/v1/rollouts/{id}', 'get'>['events'][number];
export type Execution = Ok<'/api/v1/rollouts/{id}', 'get'>['executions'][number];
export type CreateRollout = Body<paths['/api/v1/rollouts']['post']>;
export type StandingRules = Ok<'/api/v1/rollouts/rules', 'get'>;
export type Site = Ok<'/api/v1/sites', 'get'>['items'][number];
export type ApproverRole = Rollout['approvals'][number]['role'];
export type RolloutRules = StandingRules['rules'];
export type ApiKey = Ok<'/api/v1/api-keys', 'get'>['items'][number];
export type SignInWays = Ok<'/api/v1/auth/ways', 'get'>;
export type User = Ok<'/api/v1/users', 'get'>['items'][number];
export type AuditSearch = Pick<
  NonNullable<paths['/api/v1/audit']['get']['parameters']['query']>,
  'text' | 'from' | 'until'
>;
export type AuditEntry = Ok<'/api/v1/audit', 'get'>['items'][number];
export type AuditVerification = Ok<'/api/v1/audit/verification', 'get'>;
export type Status = Ok<'/api/v1/status', 'get'>;

/** What `GET /events` streams; the document cannot describe the messages of an event stream, so it is repeated here. */
export type LiveEvent =
  | { type: 'device'; deviceId: string }
  | { type: 'telemetry'; deviceId: string }
  | { type: 'frames'; deviceId: string; count: number }
  | { type: 'queue' }
  | { type: 'classes' }
  | { type: 'training'; runId: string }
  | { type: 'models' }
  | { type: 'dataset'; datasetId: string }
  | { type: 'transfer'; transferId: string }
  | { type: 'rollout'; rolloutId: string };
