import Type, { type Static } from 'typebox';
import type { RemoteSettings } from '../agent-config/index.js';
import { defineMessage, Id, Order, Probability, SentAtMs, Sha256, TimestampMs } from './message.js';

/** One deployment of one model version. The counter only rises: going back is the old content under a new counter. */
export const ModelTarget = Type.Object(
  {
    version: Id,
    releaseCounter: Type.Integer({ minimum: 1 }),
    target: Type.String({ maxLength: 200, description: 'Path of the manifest in the signed TUF targets' }),
    manifestSha256: Sha256,
  },
  { additionalProperties: false },
);
export type ModelTarget = Static<typeof ModelTarget>;

/** `down/desired` (retained): what the device should run. A device needs this and the signed target: both. */
export const DesiredState = defineMessage({
  name: 'desired',
  version: 1,
  encoding: 'json',
  schema: Type.Object(
    {
      v: Type.Literal(1),
      at: Type.Optional(SentAtMs),
      deviceId: Type.Optional({
        ...Id,
        description:
          'Whom it is for; a device refuses one for another. Absent only for agents that do not number reports',
      }),
      revision: Type.Integer({ minimum: 0, description: 'Rises with every change for this device' }),
      rolloutId: Type.Optional(Id),
      model: Type.Optional(ModelTarget),
      shadow: Type.Optional(
        Type.Union(
          [
            Type.Null(),
            Type.Object(
              { model: ModelTarget, share: Type.Number({ exclusiveMinimum: 0, maximum: 1 }) },
              { additionalProperties: false },
            ),
          ],
          { description: 'A challenger that sees this share of the frames without acting; null: none' },
        ),
      ),
      config: Type.Optional(
        Type.Union(
          [
            Type.Null(),
            Type.Object(
              {
                revision: Type.Integer({ minimum: 1 }),
                settings: Type.Unsafe<RemoteSettings>(
                  Type.Object(
                    {},
                    {
                      description:
                        'RemoteSettings, fields with a default may be absent; checked by the device as its own ' +
                        'file is, so that one it does not know is refused by name and the model still reaches it',
                    },
                  ),
                ),
              },
              { additionalProperties: false },
            ),
          ],
          { description: "Settings over those of the device's own file; null: none" },
        ),
      ),
      policy: Type.Optional(
        Type.Object(
          {
            auditShare: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
            recordAll: Type.Optional(Type.Boolean()),
          },
          { additionalProperties: false },
        ),
      ),
    },
    { additionalProperties: false },
  ),
});
export type DesiredState = Static<typeof DesiredState.schema>;

export const updatePhases = [
  'idle',
  'downloading',
  'verifying',
  'held',
  'compiling',
  'self_testing',
  'active',
  'confirmed',
  'failed',
] as const;

export const cameraStates = [
  'starting',
  'running',
  'frozen',
  'backing_off',
  'flapping',
  'finished',
  'failed',
] as const;
export type CameraStateName = (typeof cameraStates)[number];

/** The stages of a frame's way, in their order. */
export const stageNames = ['captured', 'inferred', 'decided', 'delivered'] as const;
export type StageName = (typeof stageNames)[number];

/** What happened last at one stage of one camera. */
export const StageReport = Type.Object(
  {
    at: Type.Union([TimestampMs, Type.Null()], { description: 'When it last went well; null: never' }),
    failedAt: Type.Optional(TimestampMs),
    message: Type.Optional(Type.String({ maxLength: 300, description: 'Of the last failure' })),
  },
  { additionalProperties: false },
);
export type StageReport = Static<typeof StageReport>;

/** Something that is wrong now and stays so until it is mended; an event tells of a moment. */
export const Alarm = Type.Object(
  {
    code: Type.String({ maxLength: 64 }),
    severity: Type.Enum(['warning', 'error']),
    message: Type.String({ maxLength: 300 }),
    since: TimestampMs,
    cameraId: Type.Optional(Id),
  },
  { additionalProperties: false },
);
export type Alarm = Static<typeof Alarm>;

/** How the variant of fewer bits for this device did beside the model itself, measured on the device. */
export const VariantTrial = Type.Object(
  {
    variant: Type.String({ maxLength: 64 }),
    serves: Type.Boolean({ description: 'It agrees and is faster; else the model itself decides' }),
    agreement: Type.Union(
      [
        Type.Object(
          { same: Type.Integer({ minimum: 0 }), frames: Type.Integer({ minimum: 0 }) },
          { additionalProperties: false },
        ),
        Type.Null(),
      ],
      { description: 'Golden frames with the same most probable class; null: it failed them' },
    ),
    latencyMs: Type.Union(
      [
        Type.Object(
          { variant: Type.Number({ minimum: 0 }), model: Type.Number({ minimum: 0 }) },
          { additionalProperties: false },
        ),
        Type.Null(),
      ],
      { description: 'Medians of a few inferences, taking turns; null: it did not come to that' },
    ),
    reason: Type.Optional(Type.String({ maxLength: 300, description: 'Why it does not serve' })),
  },
  { additionalProperties: false },
);
export type VariantTrial = Static<typeof VariantTrial>;

export const configPhases = ['own', 'held', 'applying', 'applied', 'rejected', 'rolled_back'] as const;

/** The plant's word on the box itself that neither model nor settings change now. */
export const Hold = Type.Object(
  {
    since: TimestampMs,
    until: Type.Integer({ minimum: 0, description: 'When it ends by itself, Unix milliseconds' }),
    reason: Type.String({ maxLength: 200 }),
  },
  { additionalProperties: false },
);
export type Hold = Static<typeof Hold>;

/** `up/reported` (retained): what the device really runs, and how the last update went. */
export const ReportedState = defineMessage({
  name: 'reported',
  version: 1,
  encoding: 'json',
  schema: Type.Object(
    {
      v: Type.Literal(1),
      at: TimestampMs,
      order: Type.Optional(Order),
      agentVersion: Type.String({ maxLength: 32 }),
      desiredRevision: Type.Integer({
        minimum: 0,
        description: 'Last desired revision acted on; 0 before any',
      }),
      model: Type.Union([
        Type.Null(),
        Type.Object(
          {
            version: Id,
            releaseCounter: Type.Integer({ minimum: 1 }),
            manifestSha256: Sha256,
            variant: Type.String({ maxLength: 64 }),
            trial: Type.Optional(VariantTrial),
          },
          { additionalProperties: false },
        ),
      ]),
      update: Type.Object(
        {
          phase: Type.Enum(updatePhases),
          version: Type.Optional(Id),
          releaseCounter: Type.Optional(Type.Integer({ minimum: 1 })),
          progress: Type.Optional(
            Type.Number({ minimum: 0, maximum: 1, description: 'Share of bytes downloaded' }),
          ),
          code: Type.Optional(
            Type.String({
              maxLength: 64,
              description: 'Of the last failure; the device goes on by itself unless the phase is failed',
            }),
          ),
          message: Type.Optional(Type.String({ maxLength: 500 })),
        },
        { additionalProperties: false },
      ),
      backend: Type.Object(
        {
          requested: Type.String({ maxLength: 64 }),
          actual: Type.String({ maxLength: 64 }),
          degraded: Type.Boolean({ description: 'The requested provider is not the one that runs' }),
          message: Type.Optional(Type.String({ maxLength: 300, description: 'Why it is degraded' })),
        },
        { additionalProperties: false },
      ),
      hardware: Type.Object(
        { arch: Type.String({ maxLength: 32 }), model: Type.String({ maxLength: 128 }) },
        { additionalProperties: false },
      ),
      cameras: Type.Array(
        Type.Object(
          {
            id: Id,
            state: Type.Enum(cameraStates),
            message: Type.Optional(Type.String({ maxLength: 500 })),
            stages: Type.Object(
              {
                captured: StageReport,
                inferred: StageReport,
                decided: StageReport,
                delivered: StageReport,
              },
              { additionalProperties: false },
            ),
          },
          { additionalProperties: false },
        ),
        { maxItems: 64 },
      ),
      shadow: Type.Union([
        Type.Null(),
        Type.Object(
          {
            version: Id,
            releaseCounter: Type.Integer({ minimum: 1 }),
            share: Probability,
            phase: Type.Enum(updatePhases),
            code: Type.Optional(Type.String({ maxLength: 64 })),
            message: Type.Optional(Type.String({ maxLength: 300 })),
            compared: Type.Integer({ minimum: 0, description: 'Frames both models decided' }),
            disagreed: Type.Integer({ minimum: 0 }),
          },
          { additionalProperties: false },
        ),
      ]),
      config: Type.Object(
        {
          revision: Type.Integer({
            minimum: 0,
            description: 'Of the settings in force; 0: the own file alone',
          }),
          phase: Type.Enum(configPhases),
          code: Type.Optional(Type.String({ maxLength: 64 })),
          message: Type.Optional(Type.String({ maxLength: 500 })),
          refusedRevision: Type.Optional(
            Type.Integer({ minimum: 1, description: 'Settings that were rejected or rolled back' }),
          ),
          effective: Type.Unknown({ description: 'RemoteSettings in force, without secrets' }),
        },
        { additionalProperties: false },
      ),
      alarms: Type.Array(Alarm, { maxItems: 64 }),
      hold: Type.Optional(Type.Union([Type.Null(), Hold])),
    },
    { additionalProperties: false },
  ),
});
export type ReportedState = Static<typeof ReportedState.schema>;

/** `up/presence` (retained): online while connected; the last will says offline. */
export const PresenceMessage = defineMessage({
  name: 'presence',
  version: 1,
  encoding: 'json',
  schema: Type.Object(
    { v: Type.Literal(1), online: Type.Boolean(), at: TimestampMs },
    { additionalProperties: false },
  ),
});
export type PresenceMessage = Static<typeof PresenceMessage.schema>;
