import { deviceClassNames, QuantisedVariant } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { WrittenFile } from '../package-files.js';
import { Agreement } from '../quantise/agreement.js';
import { notWorthwhile } from '../quantise/worthwhile.js';

const closed = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0 });

/** A variant that goes into the package. */
export const VariantFile = Type.Object({ file: WrittenFile, quantised: QuantisedVariant }, closed);
export type VariantFile = Static<typeof VariantFile>;

/** Frames that variants are compared with the model on: those of the last two were trained with. */
export const comparedFrames = ['held-out', 'train', 'calibration'] as const;

/** What fp16 did to a network. */
export const HalfRounding = Type.Object(
  {
    values: Type.Integer({ minimum: 0, description: 'Weights stored in fp16' }),
    clamped: Type.Integer({ minimum: 0, description: 'Weights beyond ±65,504, set to it' }),
    flushed: Type.Integer({ minimum: 0, description: 'Weights too small for fp16, zero now' }),
    keptInFloat: Type.Integer({
      minimum: 0,
      description: 'Nodes left in float32, as values of theirs come near the largest of fp16',
    }),
  },
  closed,
);
export type HalfRounding = Static<typeof HalfRounding>;

export const VariantsReport = Type.Object(
  {
    calibrationFrames: Count,
    comparedOn: Type.Union([Type.Enum(comparedFrames), Type.Null()], { description: 'null: none was made' }),
    made: Type.Array(
      Type.Object(
        {
          deviceClass: Type.Enum(deviceClassNames),
          bytes: Type.Integer({ minimum: 1 }),
          tolerance: Type.Number({ minimum: 0, description: 'Of |Δ probability| on the golden frames' }),
          agreement: Agreement,
          rounding: Type.Optional(HalfRounding),
        },
        closed,
      ),
    ),
    skipped: Type.Array(
      Type.Object(
        {
          deviceClass: Type.Enum(deviceClassNames),
          reason: Type.Enum([...notWorthwhile, 'disagrees', 'failed']),
          message: Type.String(),
          agreement: Type.Optional(Agreement),
        },
        closed,
      ),
    ),
  },
  {
    ...closed,
    description:
      'Variants of fewer bits, each measured beside the model, the one in fp16 with the roundings of a GPU; absent in ' +
      'reports before they were made',
  },
);
export type VariantsReport = Static<typeof VariantsReport>;
