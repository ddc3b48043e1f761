import { ReportedState } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { defineRoute } from '../../http/route.js';

const Share = Type.Number({
  exclusiveMinimum: 0,
  maximum: 1,
  description: 'Of the frames that the challenger sees too',
});

/** A model that a device runs beside its own, without acting on what it says. */
export const Challenger = Type.Object({
  deviceId: Type.String(),
  deviceName: Type.String(),
  modelVersionId: Type.String(),
  releaseCounter: Type.Integer(),
  share: Share,
  reported: Type.Index(ReportedState.schema, ['shadow']),
});
export type Challenger = Static<typeof Challenger>;

const Devices = Type.Optional(
  Type.Array(Type.String(), { minItems: 1, maxItems: 10_000, description: 'Default: the whole fleet' }),
);
const Challengers = Type.Object({ items: Type.Array(Challenger) });

export const listChallengers = defineRoute({
  method: 'GET',
  url: '/challengers',
  tag: 'challengers',
  summary: 'Devices with a challenger, and how often it disagrees with the model that decides',
  access: 'viewer',
  response: Challengers,
});
export const setChallenger = defineRoute({
  method: 'POST',
  url: '/challengers',
  tag: 'challengers',
  summary: 'Let devices run a model beside their own; a device that already decides with it is left out',
  access: 'engineer',
  body: Type.Object({ modelVersionId: Type.String(), share: Share, deviceIds: Devices }),
  response: Challengers,
});
export const takeChallengerBack = defineRoute({
  method: 'POST',
  url: '/challengers/take-back',
  tag: 'challengers',
  summary: 'Devices go on with their own model alone',
  access: 'engineer',
  body: Type.Object({ deviceIds: Devices }),
  response: Type.Object({ devices: Type.Integer({ description: 'That had a challenger' }) }),
});
