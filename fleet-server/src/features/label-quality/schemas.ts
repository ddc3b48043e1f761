import Type, { type Static } from 'typebox';
import { Nullable } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';
import { Proportion } from '../../learning/metrics.js';

export const mostLinked = 50;

/** How often two people, asked about the same frame without knowing of each other, said the same. */
const Compared = Type.Object({
  agreed: Proportion,
  differing: Type.Array(Type.String(), {
    description: `Frames on which they differ, the newest first, at most ${mostLinked}; none for an operator`,
  }),
});
export type Compared = Static<typeof Compared>;

const Coefficient = Nullable(
  Type.Number({ description: 'Agreement beyond chance; 1 is perfect, 0 is chance; null: it cannot be told' }),
);

export const PersonQuality = Type.Object({
  author: Type.String(),
  name: Type.String(),
  answers: Type.Integer({ description: 'Given in the review queue' }),
  perHour: Nullable(
    Type.Number({ description: 'Answers in an hour of work, pauses above a minute left out' }),
  ),
  secondOpinions: Compared,
  upheld: Type.Object(
    { ...Proportion.properties },
    { description: 'Of the disputes that an engineer decided, those decided as the person said' },
  ),
  knownAnswers: Compared,
  knownByClass: Type.Array(
    Type.Object({
      classId: Type.String({ description: 'What the frames are known to be' }),
      ...Compared.properties,
    }),
  ),
  byClass: Type.Array(
    Type.Object({
      classId: Nullable(Type.String({ description: 'What the person said; null: unsure' })),
      ...Compared.properties,
    }),
  ),
});

export const LabelQuality = Type.Object({
  days: Type.Integer(),
  own: Type.Boolean({ description: 'An operator sees nobody else' }),
  people: Type.Array(PersonQuality),
  pairs: Type.Array(
    Type.Object({ one: Type.String(), other: Type.String(), kappa: Coefficient, ...Compared.properties }),
    { description: 'Cohen’s kappa of each two people' },
  ),
  classes: Type.Array(
    Type.Object({
      classId: Nullable(Type.String({ description: 'Null: unsure' })),
      ...Compared.properties,
    }),
    { description: 'Of the frames that at least one of two people gave the class, those that both did' },
  ),
  all: Type.Object({ alpha: Coefficient, ...Compared.properties }, { description: 'Krippendorff’s alpha' }),
  awaited: Type.Integer({ description: 'Second opinions that are still to come' }),
  disputed: Type.Integer(),
  known: Type.Integer({ description: 'Frames whose answer is known' }),
});
export type LabelQuality = Static<typeof LabelQuality>;

export const getLabelQuality = defineRoute({
  method: 'GET',
  url: '/label-quality',
  tag: 'label quality',
  summary:
    'How far people agree, from second opinions asked for by chance; an operator sees their own figures',
  access: 'operator',
  query: Type.Object({
    days: Type.Optional(Type.Integer({ minimum: 1, maximum: 3650, default: 90, description: 'So far back' })),
  }),
  response: LabelQuality,
});
