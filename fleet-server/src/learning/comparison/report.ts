import Type, { type Static } from 'typebox';
import { OrNull, Proportion, Share } from '../metrics.js';

const Count = Type.Integer({ minimum: 0 });
const closed = { additionalProperties: false } as const;

export const verdicts = ['better', 'worse', 'not-better', 'not-compared'] as const;

/** Why there was nothing to compare, or nothing to compare with. */
export const notComparedReasons = [
  'no-champion',
  'champion-untrained',
  'champion-anomaly',
  'champion-lineage-unknown',
  'champion-unusable',
  'classes-differ',
  'no-test-frames',
  'no-frames-left',
] as const;
export type NotComparedReason = (typeof notComparedReasons)[number];

export const slicings = ['device', 'shift', 'class'] as const;

const Figures = Type.Object(
  {
    accuracy: Proportion,
    balancedAccuracy: Type.Object(
      { value: OrNull(Share), low: OrNull(Share), high: OrNull(Share) },
      { ...closed, description: 'Mean recall, with a 95 % bootstrap interval over groups' },
    ),
  },
  closed,
);

const compared = {
  n: Count,
  groups: Type.Integer({ minimum: 0, description: 'Frames of one group are one piece of evidence' }),
  champion: Figures,
  challenger: Figures,
  onlyChampion: Type.Integer({ minimum: 0, description: 'Frames that only the champion got right' }),
  onlyChallenger: Type.Integer({ minimum: 0, description: 'Frames that only the new model got right' }),
  groupsForChampion: Type.Integer({ minimum: 0, description: 'Groups of which the champion got more right' }),
  groupsForChallenger: Type.Integer({
    minimum: 0,
    description: 'Groups of which the new model got more right',
  }),
  pValue: Type.Number({ minimum: 0, maximum: 1, description: 'Exact McNemar test by groups, two-sided' }),
};
export const ComparedModels = Type.Object(compared, closed);
export type ComparedModels = Static<typeof ComparedModels>;

export const ComparedSlice = Type.Object(
  {
    by: Type.Enum(slicings),
    slice: Type.String({ description: 'Device id, shift or class id' }),
    ...compared,
    correctedPValue: Type.Number({
      minimum: 0,
      maximum: 1,
      description: 'Corrected for the number of slices of all kinds (Holm)',
    }),
  },
  closed,
);
export type ComparedSlice = Static<typeof ComparedSlice>;

/** The new model beside the champion of the time, on the same frames, of which none taught either. */
export const ModelComparison = Type.Object(
  {
    verdict: Type.Enum(verdicts, {
      description: '`better` and `worse` at p ≤ 0.05 over all frames; `not-better`: not shown to be',
    }),
    reason: OrNull(Type.Enum(notComparedReasons, { description: 'Of `not-compared`' })),
    champion: OrNull(Type.String({ description: 'Its version' })),
    excluded: Type.Object(
      {
        taughtChampion: Type.Integer({
          minimum: 0,
          description: 'Test frames in groups that taught the champion, which it would know by heart',
        }),
        unknownToChampion: Type.Integer({
          minimum: 0,
          description: 'Test frames of classes that the champion does not have',
        }),
      },
      closed,
    ),
    overall: OrNull(ComparedModels),
    slices: Type.Array(ComparedSlice),
  },
  closed,
);
export type ModelComparison = Static<typeof ModelComparison>;
