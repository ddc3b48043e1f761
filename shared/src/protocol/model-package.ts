import Type, { type Static } from 'typebox';
import { Bytes, defineMessage, Id, Probability, Sha256, TimestampMs } from './message.js';

const PackageFile = Type.Object(
  {
    sha256: Sha256,
    length: Type.Integer({ minimum: 1, description: 'bytes' }),
  },
  { additionalProperties: false },
);

/** Kinds of processors that want different 8-bit arithmetic. */
export const integerClassNames = ['x86-vnni', 'x86', 'arm64'] as const;
export type IntegerClass = (typeof integerClassNames)[number];

/** What variants are made for: processors in 8 bits, GPUs in fp16. */
export const deviceClassNames = [...integerClassNames, 'gpu'] as const;
export type DeviceClass = (typeof deviceClassNames)[number];

/** How a variant of fewer bits does beside the model it was made from, by the trainer's measurement. */
export const QuantisedVariant = Type.Object(
  {
    deviceClass: Type.Enum(deviceClassNames),
    sameAnswer: Type.Number({
      minimum: 0,
      maximum: 1,
      description: 'Share of the compared frames with the same most probable class',
    }),
    n: Type.Integer({ minimum: 1, description: 'Frames compared' }),
    tolerance: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      description: 'Largest difference of a probability on a golden frame, in place of the one of the frames',
    }),
  },
  { additionalProperties: false },
);
export type QuantisedVariant = Static<typeof QuantisedVariant>;

/** One runnable form of the model. */
export const ModelVariant = Type.Object(
  {
    name: Type.String({ maxLength: 64, description: 'fp32, int8-x86-vnni, fp16-gpu, …' }),
    file: PackageFile,
    arch: Type.Optional(Type.Array(Type.String({ maxLength: 32 }), { description: 'Absent: any' })),
    quantised: Type.Optional(QuantisedVariant),
  },
  {
    additionalProperties: false,
    description: 'One without `quantised` is the model itself; a device measures any other beside it first',
  },
);
export type ModelVariant = Static<typeof ModelVariant>;

const AcceptRule = {
  threshold: Type.Number({
    minimum: 0,
    description: 'Decide alone at or above this confidence; above 1: never',
  }),
  alpha: Probability,
  calibrationFrames: Type.Integer({ minimum: 0 }),
  method: Type.String({ maxLength: 64 }),
};

/**
 * The manifest of a model package: the signed TUF target. It pins length and hash of every other file, so whoever
 * trusts the manifest trusts the package. Thresholds and references are those of the calibrated graph.
 */
export const ModelManifest = defineMessage({
  name: 'model-manifest',
  version: 1,
  encoding: 'json',
  schema: Type.Object(
    {
      v: Type.Literal(1),
      name: Id,
      version: Id,
      createdAt: TimestampMs,
      task: Type.Literal('classification'),
      classes: Type.Array(
        Type.Object({ id: Id, name: Type.String({ maxLength: 100 }) }, { additionalProperties: false }),
        { minItems: 2, maxItems: 1000, description: 'In the order of the probabilities output' },
      ),
      input: Type.Object(
        {
          name: Type.String(),
          layout: Type.Literal('HWC'),
          type: Type.Literal('uint8'),
          colour: Type.Literal('RGB'),
          height: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], {
            description: 'pixels; null: any',
          }),
          width: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], {
            description: 'pixels; null: any',
          }),
        },
        { additionalProperties: false, description: 'Resizing and normalising happen inside the graph' },
      ),
      outputs: Type.Object(
        {
          probabilities: Type.String({ description: 'float32 [classes]' }),
          embedding: Type.String({ description: 'float32 [dimensions]' }),
        },
        { additionalProperties: false },
      ),
      embedding: Type.Object(
        { space: Id, dimensions: Type.Integer({ minimum: 1 }) },
        { additionalProperties: false },
      ),
      decision: Type.Object(
        {
          ...AcceptRule,
          byClass: Type.Optional(
            Type.Array(Type.Object({ classId: Id, ...AcceptRule }, { additionalProperties: false }), {
              maxItems: 1000,
              description:
                'Rules of their own for the answers of single classes; the rule above is then for the answers of all others',
            }),
          ),
        },
        {
          additionalProperties: false,
          description:
            'At most the share alpha of what is decided alone is wrong; by the method `good-parts-tolerance` (an anomaly ' +
            'model), at most that share of good parts is not accepted',
        },
      ),
      reference: Type.Optional(PackageFile),
      variants: Type.Array(ModelVariant, { minItems: 1, maxItems: 16 }),
      golden: PackageFile,
      provenance: Type.Object(
        {
          datasetVersion: Type.Union([Id, Type.Null()]),
          datasetSha256: Type.Union([Sha256, Type.Null()]),
          trainingRun: Type.Union([Id, Type.Null()]),
          backbone: Type.String({ maxLength: 128 }),
          softwareVersion: Type.String({ maxLength: 32 }),
        },
        { additionalProperties: false },
      ),
      licences: Type.Array(Type.String({ maxLength: 200 }), { maxItems: 32 }),
    },
    { additionalProperties: false },
  ),
});
export type ModelManifest = Static<typeof ModelManifest.schema>;

/** Pictures with the answers the trainer got: a device runs them before it trusts the model. */
export const GoldenFrames = defineMessage({
  name: 'golden-frames',
  version: 1,
  encoding: 'cbor',
  schema: Type.Object(
    {
      v: Type.Literal(1),
      tolerance: Type.Number({
        exclusiveMinimum: 0,
        maximum: 1,
        description: 'Largest |Δ probability| allowed',
      }),
      frames: Type.Array(
        Type.Object(
          {
            width: Type.Integer({ minimum: 1 }),
            height: Type.Integer({ minimum: 1 }),
            rgb: Bytes('uint8 [height, width, 3]'),
            probabilities: Type.Array(Probability, { minItems: 2 }),
          },
          { additionalProperties: false },
        ),
        { minItems: 1, maxItems: 64 },
      ),
    },
    { additionalProperties: false },
  ),
});
export type GoldenFrames = Static<typeof GoldenFrames.schema>;

/**
 * Embeddings of training frames: a frame is novel when the mean distance to its `neighbours` nearest is above
 * `threshold` (third quartile + 1.7 × interquartile range of the training frames' own, each asked without itself and
 * its group: the next picture of the same part is nearer than a new part will ever be). Lengths count: brought to length
 * 1, tiles passed for steel.
 */
export const ReferenceEmbeddings = defineMessage({
  name: 'reference-embeddings',
  version: 1,
  encoding: 'cbor',
  schema: Type.Object(
    {
      v: Type.Literal(1),
      space: Id,
      dimensions: Type.Integer({ minimum: 1 }),
      count: Type.Integer({ minimum: 1, maximum: 4096 }),
      mean: Bytes('float32 [dimensions], little-endian: taken off each embedding'),
      scale: Bytes('float32 [dimensions], little-endian: then divided by'),
      vectors: Bytes('float32 [count, dimensions], little-endian, after mean and scale'),
      neighbours: Type.Integer({ minimum: 1, maximum: 64 }),
      threshold: Type.Number({
        minimum: 0,
        description: 'Root mean square over the dimensions, in units of scale',
      }),
    },
    { additionalProperties: false },
  ),
});
export type ReferenceEmbeddings = Static<typeof ReferenceEmbeddings.schema>;
