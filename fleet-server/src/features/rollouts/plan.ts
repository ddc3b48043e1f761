import { LinesideError } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { Nullable } from '../../http/page.js';
import { mustBeAZone } from '../sites/time-zone.js';
import { QualityPlan } from './quality-plan.js';
import { mustBeMeasurable, ShadowTrial } from './shadow-plan.js';
import { MaintenanceWindow } from './window.js';

const Share = Type.Number({ minimum: 0, maximum: 1 });
const Count = Type.Integer({ minimum: 1, maximum: 100_000 });

/** What has to be confirmed before a group is through; devices out of reach are left out of every count. */
export const Success = Type.Union([
  Type.Object(
    { kind: Type.Literal('settled') },
    {
      additionalProperties: false,
      description: 'Every device within reach is through, at least one confirmed',
    },
  ),
  Type.Object(
    { kind: Type.Literal('devices'), devices: Count },
    { additionalProperties: false, description: 'So many, or all within reach where there are fewer' },
  ),
  Type.Object(
    { kind: Type.Literal('share'), share: Type.Number({ exclusiveMinimum: 0, maximum: 1 }) },
    { additionalProperties: false, description: 'This share of the devices within reach' },
  ),
]);
export type Success = Static<typeof Success>;

export const ErrorLimit = Type.Object(
  {
    share: Share,
    sample: Type.Integer({ minimum: 1, maximum: 100_000 }),
  },
  {
    additionalProperties: false,
    description:
      'The group fails when more than this share of the devices that are through failed; fewer than `sample` ' +
      '(or the whole of a smaller group) count as though so many were through',
  },
);
export type ErrorLimit = Static<typeof ErrorLimit>;

export const failureKinds = ['failed', 'rejected', 'timed_out'] as const;
export type FailureKind = (typeof failureKinds)[number];

export const Gate = Type.Object(
  {
    success: Success,
    errors: Type.Object(
      {
        any: Nullable(ErrorLimit),
        failed: Nullable(ErrorLimit),
        rejected: Nullable(ErrorLimit),
        timed_out: Nullable(ErrorLimit),
      },
      { additionalProperties: false, description: 'By kind, and all kinds together; null: no limit' },
    ),
    soakSeconds: Type.Integer({
      minimum: 0,
      maximum: 2_592_000,
      description: 'Time between success and the next group, in which a failure still counts',
    }),
    timeoutSeconds: Type.Integer({
      minimum: 30,
      maximum: 604_800,
      description: 'A connected device that says nothing new for so long has timed out',
    }),
    offlineSeconds: Type.Integer({
      minimum: 0,
      maximum: 2_592_000,
      description:
        'A device that has been offline for so long is out of reach: it neither holds the group up nor fails it, ' +
        'and follows when it is back',
    }),
    devicesPerMinute: Type.Union([Count, Type.Null()], {
      description: 'Most devices told in any minute; null: all at once',
    }),
    window: Type.Optional(MaintenanceWindow),
    shadow: Type.Optional(ShadowTrial),
    quality: Type.Optional(QualityPlan),
  },
  { additionalProperties: false },
);
export type Gate = Static<typeof Gate>;

export const GroupSize = Type.Union([
  Type.Object({ kind: Type.Literal('devices'), devices: Count }, { additionalProperties: false }),
  Type.Object(
    { kind: Type.Literal('share'), share: Type.Number({ exclusiveMinimum: 0, maximum: 1 }) },
    { additionalProperties: false, description: 'Of all devices of the rollout, at least one' },
  ),
  Type.Object(
    { kind: Type.Literal('rest') },
    { additionalProperties: false, description: 'All that are left: the last group, and only that' },
  ),
]);
export type GroupSize = Static<typeof GroupSize>;

export const PlannedGroup = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 60 }), size: GroupSize, gate: Gate },
  { additionalProperties: false },
);
export type PlannedGroup = Static<typeof PlannedGroup>;

/** Groups in the order in which they are told; each waits for the gate of the one before. */
export const Plan = Type.Array(PlannedGroup, { minItems: 1, maxItems: 50 });
export type Plan = Static<typeof Plan>;

/** All but `staged` are short for plans. */
export const Strategy = Type.Union([
  Type.Object({ kind: Type.Literal('all_at_once') }),
  Type.Object({
    kind: Type.Literal('canary'),
    canaries: Type.Integer({ minimum: 1, maximum: 1000, description: 'Devices in the first group' }),
    confirmations: Type.Integer({
      minimum: 1,
      maximum: 1000,
      description: 'Confirmed devices before the soak',
    }),
    soakSeconds: Type.Integer({ minimum: 0, maximum: 604800 }),
  }),
  Type.Object({
    kind: Type.Literal('shadow_first'),
    devices: Type.Integer({
      minimum: 1,
      maximum: 1000,
      description: 'That run the new version beside their own, and switch when it proved itself',
    }),
    seconds: Type.Integer({ minimum: 0, maximum: 2_592_000, description: 'In the shadow, at least' }),
    observations: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      description: 'In the shadow, at least: what one device shows within a minute is one',
    }),
    disagreement: Type.Number({
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      description: 'Largest share of frames that the new version decides otherwise',
    }),
    soakSeconds: Type.Integer({ minimum: 0, maximum: 604800, description: 'After they switched' }),
  }),
  Type.Object({ kind: Type.Literal('staged'), groups: Plan }),
]);
export type Strategy = Static<typeof Strategy>;

const noLimits = { failed: null, rejected: null, timed_out: null };

/** The gate of a group that may lose a few: one device in five, judged from the tenth on. */
export const usualGate: Gate = {
  success: { kind: 'settled' },
  errors: { any: { share: 0.2, sample: 10 }, ...noLimits },
  soakSeconds: 0,
  timeoutSeconds: 900,
  offlineSeconds: 60,
  devicesPerMinute: null,
};

/** The gate of a group that goes first: one failure is one too many, and an absence of minutes is waited for. */
export const canaryGate: Gate = {
  ...usualGate,
  success: { kind: 'devices', devices: 1 },
  errors: { any: { share: 0, sample: 1 }, ...noLimits },
  offlineSeconds: 3600,
};

/** The plan a strategy stands for; the machine knows plans only. */
export function expand(strategy: Strategy): Plan {
  const rest = { size: { kind: 'rest' as const }, gate: usualGate };
  switch (strategy.kind) {
    case 'all_at_once':
      return [{ name: 'The fleet', ...rest }];
    case 'canary': {
      const { canaries, confirmations, soakSeconds } = strategy;
      const gate: Gate = { ...canaryGate, success: { kind: 'devices', devices: confirmations }, soakSeconds };
      return [
        { name: 'Canaries', size: { kind: 'devices', devices: canaries }, gate },
        { name: 'The rest of the fleet', ...rest },
      ];
    }
    case 'shadow_first': {
      const { devices, seconds, observations, disagreement, soakSeconds } = strategy;
      const conditions = [
        { kind: 'disagreement' as const, limit: disagreement },
        { kind: 'latency' as const, limit: 2 },
      ];
      const quality = { conditions, falseAlarm: 0.01, observations, apartSeconds: 60 };
      const gate: Gate = {
        ...{ ...canaryGate, success: { kind: 'settled' }, soakSeconds },
        shadow: { seconds, share: 1, quality },
      };
      return [
        { name: 'Shadow first', size: { kind: 'devices', devices }, gate },
        { name: 'The rest of the fleet', ...rest },
      ];
    }
    case 'staged':
      return strategy.groups;
  }
}

/** @throws LinesideError `request_invalid` for a strategy that no fleet could follow as it is meant */
export function mustBeFeasible(strategy: Strategy): void {
  const refuse = (message: string) => new LinesideError('request_invalid', message);
  if (strategy.kind === 'canary' && strategy.confirmations > strategy.canaries) {
    throw refuse('More confirmations are asked for than there are canaries.');
  }
  for (const [index, { name, size, gate }] of expand(strategy).entries()) {
    if ((size.kind === 'rest') !== (index === expand(strategy).length - 1)) {
      throw refuse(`${name}: the last group takes the rest of the devices, and no other.`);
    }
    if (gate.window) mustBeAZone(gate.window.timeZone);
    if (gate.shadow) mustBeMeasurable(name, gate.shadow);
    const conditions = [gate.quality, gate.shadow?.quality].flatMap((each) => each?.conditions ?? []);
    for (const { kind, limit } of conditions) {
      if (kind !== 'latency' && limit >= 1) throw refuse(`${name}: the limit of ${kind} is a share below 1.`);
    }
    if (size.kind === 'devices' && gate.success.kind === 'devices' && gate.success.devices > size.devices) {
      throw refuse(`${name}: more confirmations are asked for than there are devices.`);
    }
  }
}
