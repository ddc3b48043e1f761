import Type, { type Static } from 'typebox';
import { Nullable } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

const Share = Type.Number({ minimum: 0, maximum: 1 });

export const OpinionSettings = Type.Object(
  {
    secondOpinions: Type.Number({
      ...Share,
      description: 'Share of the frames that people label which a second person is asked about',
    }),
    sureModel: Nullable(
      Type.Number({
        ...Share,
        description: 'A label that contradicts a model at least so sure is asked about too; null: it is not',
      }),
    ),
    knownAnswers: Type.Number({
      minimum: 0,
      maximum: 0.5,
      description: 'Share of known answers among the frames that a person is asked about',
    }),
    disputedInDatasets: Type.Boolean({
      description: 'Disputed frames go into dataset versions all the same',
    }),
  },
  { additionalProperties: false },
);
export type OpinionSettings = Static<typeof OpinionSettings>;

export const getOpinionSettings = defineRoute({
  method: 'GET',
  url: '/label-quality/settings',
  tag: 'label quality',
  summary: 'How often labels are checked',
  access: 'engineer',
  response: OpinionSettings,
});
export const setOpinionSettings = defineRoute({
  method: 'PUT',
  url: '/label-quality/settings',
  tag: 'label quality',
  summary: 'Change how often labels are checked; it counts for labels from now on',
  access: 'engineer',
  body: OpinionSettings,
  response: OpinionSettings,
});
