import Type, { type Static } from 'typebox';
import { Share, section } from './field.js';

const Budget = section({
  framesPerHour: Type.Optional(Type.Integer({ minimum: 1 })),
  framesPerDay: Type.Optional(Type.Integer({ minimum: 1 })),
  bytesPerHour: Type.Optional(Type.Integer({ minimum: 1 })),
  bytesPerDay: Type.Optional(Type.Integer({ minimum: 1 })),
  auditReserve: Share(0.2, 'Part of each limit that only audit samples may use'),
});

const ImageHealth = section({
  enabled: Type.Boolean({ default: true }),
  darkBelow: Type.Number({ minimum: 0, maximum: 255, default: 16, description: 'Mean luma, 0 to 255' }),
  brightAbove: Type.Number({ minimum: 0, maximum: 255, default: 240 }),
  blurryBelow: Type.Number({
    minimum: 0,
    default: 0,
    description: 'Variance of the Laplacian of luma at 256 pixels width; 0: learnt from the camera itself',
  }),
  coveredBelowBits: Type.Number({
    minimum: 0,
    maximum: 8,
    default: 1.5,
    description: 'Entropy of the luma histogram under which a lens counts as covered',
  }),
  movedAbove: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0.1,
    description: 'Shift against the reference picture, as a share of its width',
  }),
  checkEveryMs: Type.Integer({ minimum: 0, default: 1000 }),
});

/** What is sent to the fleet server, and why. */
export const PolicyConfig = section({
  auditShare: Share(0.02, 'Random share of all frames sent for checking'),
  auditSeed: Type.Optional(Type.Integer({ minimum: 0, description: 'Absent: different at every start' })),
  recordAll: Type.Boolean({ default: false, description: 'Send every frame, while a dataset is being born' }),
  thresholdOverride: Type.Optional(
    Type.Number({ minimum: 0, description: "Instead of the model package's; above 1: decide nothing alone" }),
  ),
  marginBelow: Share(0, 'Flag decisions whose margin is smaller; 0: never'),
  novelty: Type.Boolean({
    default: true,
    description: "Flag frames far from the package's reference embeddings, where it has them",
  }),
  imageHealth: ImageHealth,
  duplicates: section({
    windowMs: Type.Integer({
      minimum: 0,
      default: 10_000,
      description: 'A frame that looks like one flagged so recently is not sent again; 0: off',
    }),
    distance: Type.Integer({
      minimum: 0,
      maximum: 32,
      default: 4,
      description: 'Bits of the 64-bit perceptual hash that may differ',
    }),
  }),
  budget: Budget,
  maxUploadBytes: Type.Integer({
    minimum: 4096,
    default: 1_000_000,
    description: 'A larger picture is recompressed until it fits',
  }),
});
export type PolicyConfig = Static<typeof PolicyConfig>;
