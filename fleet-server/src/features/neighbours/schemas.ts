import Type, { type Static } from 'typebox';
import { IdParams } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

export const mostNeighbours = 12;

export const Neighbour = Type.Object({
  frameId: Type.String(),
  classId: Type.String({ description: 'Its label' }),
  similarity: Type.Number({ description: 'Cosine of the embeddings; 1 is the same' }),
  pictureUrl: Type.String({ description: 'A small copy of its picture' }),
});
export type Neighbour = Static<typeof Neighbour>;

export const listNeighbours = defineRoute({
  method: 'GET',
  url: '/frames/:id/neighbours',
  tag: 'frames',
  summary:
    'Labelled frames that look most like this one to the model; none that is disputed, a known answer, or out for a further opinion',
  access: 'operator',
  params: IdParams,
  query: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: mostNeighbours, default: 6 })),
  }),
  response: Type.Object({ items: Type.Array(Neighbour) }),
});
