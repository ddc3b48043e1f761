import Type, { type Static } from 'typebox';
import { Bytes, defineMessage, Id, Probability, SentAtMs, TimestampMs } from './message.js';

export const flagReasonKinds = [
  'low_confidence',
  'small_margin',
  'novel',
  'disagreement',
  'image_dark',
  'image_bright',
  'image_blurry',
  'image_covered',
  'image_moved',
  'image_frozen',
  'audit',
  'record',
  'no_model',
  'requested',
] as const;

/** Why a frame was sent to the fleet server. `score` is in [0, 1]: the higher, the more it is worth a label. */
export const FlagReason = Type.Object(
  {
    kind: Type.Enum(flagReasonKinds),
    score: Probability,
    detail: Type.Optional(Type.String({ maxLength: 200 })),
  },
  { additionalProperties: false },
);
export type FlagReason = Static<typeof FlagReason>;
export type FlagReasonKind = FlagReason['kind'];

/** What the model said of one frame, and what the camera did with it. */
export const Decision = Type.Object(
  {
    modelVersion: Type.String({ maxLength: 64, description: 'Version id of the model that decided' }),
    classId: Type.String({ maxLength: 64, description: 'Most probable class' }),
    confidence: Probability,
    margin: Type.Number({ minimum: 0, maximum: 1, description: 'Most probable minus second' }),
    accepted: Type.Boolean({
      description: 'Whether the camera decided alone: confidence ≥ the package threshold',
    }),
    probabilities: Type.Record(Type.String({ maxLength: 64 }), Probability, {
      description: 'Class id → calibrated probability',
    }),
    latencyMs: Type.Number({ minimum: 0, description: 'Capture to decision' }),
  },
  { additionalProperties: false },
);
export type Decision = Static<typeof Decision>;

export const Embedding = Type.Object(
  {
    space: Id,
    vector: Bytes('float32, little-endian'),
  },
  { additionalProperties: false, description: 'Backbone features; comparable only within one space' },
);

export const imageTypes = ['image/jpeg', 'image/png', 'image/webp'] as const;
export const ImageType = Type.Enum(imageTypes);
export type ImageType = (typeof imageTypes)[number];

/** `up/frame`: one flagged frame with its picture. Stays in the device's spool until its receipt arrives. */
export const FrameMessage = defineMessage({
  name: 'frame',
  version: 1,
  encoding: 'cbor',
  schema: Type.Object(
    {
      v: Type.Literal(1),
      id: Type.String({
        pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
        description: 'UUIDv7, made on the device when the frame is flagged; ingest is idempotent on it',
      }),
      cameraId: Id,
      sequence: Type.Integer({
        minimum: 0,
        description: 'Count of frames of this camera since the agent started',
      }),
      capturedAt: TimestampMs,
      width: Type.Integer({ minimum: 1, maximum: 32768, description: 'pixels' }),
      height: Type.Integer({ minimum: 1, maximum: 32768, description: 'pixels' }),
      imageType: ImageType,
      image: Bytes('Encoded picture'),
      reasons: Type.Array(FlagReason, { minItems: 1, maxItems: 16 }),
      decision: Type.Optional(Decision),
      embedding: Type.Optional(Embedding),
      group: Type.Optional(
        Type.String({
          maxLength: 128,
          description: 'Frames of one part or burst share it; splits never separate them',
        }),
      ),
      source: Type.Optional(
        Type.String({ maxLength: 255, description: 'File name or URI the frame came from' }),
      ),
      metadata: Type.Optional(Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 256 }))),
    },
    { additionalProperties: false },
  ),
});
export type FrameMessage = Static<typeof FrameMessage.schema>;

/** `down/receipt`: the server has the frame for good, or never will. Either way it may leave the spool. */
export const ReceiptMessage = defineMessage({
  name: 'receipt',
  version: 1,
  encoding: 'json',
  schema: Type.Object(
    {
      v: Type.Literal(1),
      at: Type.Optional(SentAtMs),
      receipts: Type.Array(
        Type.Object(
          {
            id: Id,
            status: Type.Union([Type.Literal('stored'), Type.Literal('duplicate'), Type.Literal('rejected')]),
            code: Type.Optional(Type.String({ maxLength: 64, description: 'Error code of a rejection' })),
          },
          { additionalProperties: false },
        ),
        { minItems: 1, maxItems: 1000 },
      ),
    },
    { additionalProperties: false },
  ),
});
export type ReceiptMessage = Static<typeof ReceiptMessage.schema>;
