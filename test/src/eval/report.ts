import Type, { type Static } from 'typebox';

const Share = Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()]);
const Seconds = Type.Number({ minimum: 0 });

export const RoundReport = Type.Object({
  labels: Type.Integer({ minimum: 0, description: 'Labels spent so far' }),
  modelVersion: Type.String({ description: 'What the devices report running while evaluated' }),
  accuracy: Share,
  balancedAccuracy: Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], {
    description: 'Mean recall over the classes of the held-out frames',
  }),
  uploadedShare: Type.Union([Type.Number({ minimum: 0 }), Type.Null()], {
    description: 'Of the frames the cameras saw in this round, before it was labelled',
  }),
  autoAcceptedShare: Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], {
    description: 'Held-out frames the devices decided alone',
  }),
  autoAcceptedError: Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], {
    description: 'Wrong ones among them; null when there are none',
  }),
  seconds: Type.Object({
    stream: Seconds,
    label: Seconds,
    train: Seconds,
    rollout: Seconds,
    evaluate: Seconds,
  }),
  recall: Type.Record(Type.String(), Share),
  threshold: Type.Union([Type.Number(), Type.Null()], {
    description: 'Accept threshold of the model package',
  }),
});
export type RoundReport = Static<typeof RoundReport>;

export const ArmReport = Type.Object({
  rounds: Type.Array(RoundReport),
  framesSeen: Type.Integer(),
  framesStored: Type.Integer(),
  unreadable: Type.Array(Type.String(), {
    description: 'Files that no device could read: neither seen nor judged',
  }),
  lost: Type.Integer(),
  duplicated: Type.Integer(),
});
export type ArmReport = Static<typeof ArmReport>;

/** What `npm run eval` writes; see docs/evaluation.md. */
export const EvalReport = Type.Object({
  data: Type.String(),
  classes: Type.Array(Type.String()),
  seed: Type.Integer(),
  devices: Type.Integer(),
  poolFrames: Type.Integer({ description: 'Frames the cameras of one arm see in all rounds' }),
  heldOutFrames: Type.Integer(),
  arms: Type.Object({ queue: ArmReport, random: ArmReport }),
  lost: Type.Integer({ minimum: 0, description: 'Frames that were flagged on a device and never stored' }),
  duplicated: Type.Integer({ minimum: 0, description: 'Frames stored more than once' }),
  seconds: Type.Number(),
  ok: Type.Boolean(),
});
export type EvalReport = Static<typeof EvalReport>;
