import Type, { type Static } from 'typebox';

const Share = Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()]);
const Stage = Type.Object({
  modelVersion: Type.String(),
  accuracy: Share,
  balancedAccuracy: Share,
  autoAcceptedShare: Share,
  autoAcceptedError: Share,
});

/** What `npm run demo -- --once --json FILE` writes; see docs/evaluation.md. */
export const DemoReport = Type.Object({
  devices: Type.Integer(),
  classes: Type.Array(Type.String()),
  labels: Type.Integer({ description: 'Frames the oracle labelled through the review queue' }),
  checkedFrames: Type.Integer({ description: 'Fresh parts sent through the devices before and after' }),
  before: Stage,
  after: Stage,
  framesStored: Type.Integer(),
  duplicated: Type.Integer(),
  seconds: Type.Object({
    start: Type.Number({ description: 'Until the console could be opened' }),
    bootstrap: Type.Number({ description: 'Until every camera ran the first model' }),
    label: Type.Number(),
    train: Type.Number(),
    rollout: Type.Number(),
    total: Type.Number(),
  }),
  ok: Type.Boolean({ description: 'The cameras run the new model, and it is better than the one before' }),
});
export type DemoReport = Static<typeof DemoReport>;
