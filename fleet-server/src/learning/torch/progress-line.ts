import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

const Validation = Type.Union([
  Type.Object({ accuracy: Type.Number(), balancedAccuracy: Type.Number(), logLoss: Type.Number() }),
  Type.Null(),
]);

/** What a trainer says on the way, as far as anybody listens; other lines are passed over. */
export const ProgressLine = Type.Object({
  type: Type.Literal('progress'),
  epoch: Type.Integer({ minimum: 1 }),
  epochs: Type.Integer({ minimum: 1 }),
  step: Type.Integer({ minimum: 1 }),
  steps: Type.Integer({ minimum: 1 }),
  loss: Type.Number(),
  remainingMs: Type.Number(),
  last: Type.Object({
    epoch: Type.Integer({ minimum: 0 }),
    loss: Type.Union([Type.Number(), Type.Null()]),
    validation: Validation,
  }),
});
export type ProgressLine = Static<typeof ProgressLine>;

const validator = Compile(ProgressLine);
export const isProgressLine = (line: unknown): line is ProgressLine => validator.Check(line);
