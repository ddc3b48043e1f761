import Type, { type Static } from 'typebox';

export const conditionKinds = [
  'disagreement',
  'class_share',
  'confidence',
  'flag_rate',
  'latency',
  'golden',
] as const;
export type ConditionKind = (typeof conditionKinds)[number];

export const Condition = Type.Object(
  {
    kind: Type.Enum(conditionKinds),
    limit: Type.Number({
      exclusiveMinimum: 0,
      maximum: 100,
      description:
        'disagreement: largest share of frames that the champion, in the shadow, decides otherwise. class_share: by how ' +
        'much the share of any class may move. confidence: by how much the mean may fall. flag_rate: by how much the ' +
        'share of flagged frames may rise. latency: largest multiple of the p95 of before. golden: largest share of ' +
        'devices on which the golden frames fail',
    }),
  },
  { additionalProperties: false },
);
export type Condition = Static<typeof Condition>;

/** What the model has to be like in the field, on the devices of the group, beside the champion. */
export const QualityPlan = Type.Object(
  {
    conditions: Type.Array(Condition, { minItems: 1, maxItems: 10 }),
    falseAlarm: Type.Number({
      minimum: 1e-6,
      maximum: 0.2,
      description:
        'Probability at most with which a model within all limits fails the gate, however long it is watched',
    }),
    observations: Type.Integer({
      minimum: 0,
      maximum: 100_000,
      description: 'The group is not through before each condition has so many',
    }),
    apartSeconds: Type.Integer({
      minimum: 1,
      maximum: 3600,
      description: 'What one device shows within this time is one observation',
    }),
  },
  { additionalProperties: false },
);
export type QualityPlan = Static<typeof QualityPlan>;

/** How one condition stands. */
export const ConditionFigures = Type.Object({
  kind: Type.Enum(conditionKinds),
  limit: Type.Number(),
  measured: Type.Union([Type.Number(), Type.Null()], { description: 'The mean so far; null: nothing yet' }),
  reference: Type.Union([Type.Number(), Type.Null()], {
    description: 'The same of the champion; null: the condition has none, or it is not known',
  }),
  subject: Type.Union([Type.String(), Type.Null()], {
    description: 'The class or device that stands out most',
  }),
  observations: Type.Integer({ description: 'Of what is measured' }),
  evidence: Type.Number({
    description: 'Against the condition: 1 at the start, at most 1 on average while it holds',
  }),
  needed: Type.Number({ description: 'Evidence at which it fails' }),
  state: Type.Enum(['gathering', 'holding', 'violated']),
});
export type ConditionFigures = Static<typeof ConditionFigures>;
