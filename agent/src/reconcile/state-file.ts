import { join } from 'node:path';
import { DesiredState, ModelTarget, updatePhases, VariantTrial } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { DurableState } from '../durable-state.js';

const Release = Type.Object({
  ...ModelTarget.properties,
  variant: Type.String(),
  trial: Type.Optional(VariantTrial),
});

const StateSchema = Type.Object({
  v: Type.Literal(1),
  /** The newest desired state, so that a restart without a network goes on with it. */
  desired: Type.Union([DesiredState.schema, Type.Null()]),
  highestCounter: Type.Integer({ minimum: 0 }),
  /** What a restart loads. */
  confirmed: Type.Union([Release, Type.Null()]),
  /** What was confirmed before it; its files stay too. */
  previous: Type.Union([Release, Type.Null()]),
  /** How far the release that is being installed has come; null: none is. */
  install: Type.Union([
    Type.Object({
      releaseCounter: Type.Integer(),
      manifestSha256: Type.String(),
      phase: Type.Enum(updatePhases),
    }),
    Type.Null(),
  ]),
  /** The release that is not confirmed yet, and how often in a row the agent began with it. */
  trial: Type.Union([
    Type.Object({
      releaseCounter: Type.Integer(),
      manifestSha256: Type.String(),
      starts: Type.Integer(),
      /** It was loaded, tested and has decided: if the power goes now, the model is not at fault. */
      decided: Type.Optional(Type.Boolean()),
      /** Start of the machine that it began in. */
      bootId: Type.Optional(Type.String()),
    }),
    Type.Null(),
  ]),
  /** The challenger that was desired last, how often in a row the agent began with it, and why it was given up. */
  shadow: Type.Union([
    Type.Object({
      release: Release,
      starts: Type.Integer({ minimum: 0 }),
      failure: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() })),
    }),
    Type.Null(),
  ]),
  failure: Type.Union([
    Type.Object({
      revision: Type.Integer(),
      version: Type.String(),
      releaseCounter: Type.Integer(),
      code: Type.String(),
      message: Type.String(),
    }),
    Type.Null(),
  ]),
});
export type ReconcileState = Static<typeof StateSchema>;

export const emptyState: ReconcileState = {
  v: 1,
  desired: null,
  highestCounter: 0,
  confirmed: null,
  previous: null,
  install: null,
  trial: null,
  shadow: null,
  failure: null,
};

export type StateFile = DurableState<typeof StateSchema>;

/** `state.json` in the state folder. */
export const stateFile = (stateDir: string): StateFile =>
  new DurableState(join(stateDir, 'state.json'), StateSchema, emptyState);
