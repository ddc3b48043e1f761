import type { CreateRollout } from '../../api/types.js';
import { duration, percent, plural } from '../../ui/format.js';

export type Strategy = CreateRollout['strategy'];
export type Plan = Extract<Strategy, { kind: 'staged' }>['groups'];
export type PlannedGroup = Plan[number];
export type Gate = PlannedGroup['gate'];
export type GroupSize = PlannedGroup['size'];
export type Quality = NonNullable<Gate['quality']>;
export type ConditionKind = Quality['conditions'][number]['kind'];

const noLimits = { failed: null, rejected: null, timed_out: null };

const usualGate: Gate = {
  success: { kind: 'share', share: 0.9 },
  errors: { any: { share: 0.05, sample: 20 }, ...noLimits },
  soakSeconds: 3600,
  timeoutSeconds: 900,
  offlineSeconds: 3600,
  devicesPerMinute: null,
};

export const usualQuality: Omit<Quality, 'conditions'> = {
  falseAlarm: 0.01,
  observations: 30,
  apartSeconds: 60,
};

const cautiousGate: Gate = {
  ...usualGate,
  success: { kind: 'devices', devices: 1 },
  errors: { any: { share: 0, sample: 1 }, ...noLimits },
  quality: { ...usualQuality, conditions: [{ kind: 'disagreement', limit: 0.1 }] },
};

/** What the table starts with: one, a tenth, and everybody else. */
export const startingPlan = (): Plan => [
  { name: 'Canaries', size: { kind: 'devices', devices: 1 }, gate: cautiousGate },
  { name: 'First tenth', size: { kind: 'share', share: 0.1 }, gate: usualGate },
  { name: 'Everybody else', size: { kind: 'rest' }, gate: { ...usualGate, soakSeconds: 0 } },
];

export const addedGroup = (plan: Plan): PlannedGroup => ({
  name: `Group ${plan.length}`,
  size: { kind: 'share', share: 0.1 },
  gate: usualGate,
});

export const sizeWords = (size: GroupSize): string => {
  switch (size.kind) {
    case 'devices':
      return plural(size.devices, 'device');
    case 'share':
      return percent(size.share);
    case 'rest':
      return 'the rest';
  }
};

export const successWords = ({ success }: Gate): string => {
  switch (success.kind) {
    case 'settled':
      return 'everybody within reach through';
    case 'devices':
      return `${success.devices} confirmed`;
    case 'share':
      return `${percent(success.share)} confirmed`;
  }
};

const failureWords = { any: 'failures', failed: 'failed', rejected: 'rejected', timed_out: 'timed out' };

export const conditionLabels: Record<ConditionKind, string> = {
  disagreement: 'Disagreement',
  class_share: 'Class shares',
  confidence: 'Confidence',
  flag_rate: 'Flagged frames',
  latency: 'Decision latency',
  golden: 'Golden frames',
};

export const limitWords = (kind: ConditionKind, limit: number): string => {
  switch (kind) {
    case 'disagreement':
    case 'golden':
      return `up to ${percent(limit)}`;
    case 'class_share':
      return `within ${percent(limit)}`;
    case 'confidence':
      return `down by ${percent(limit)}`;
    case 'flag_rate':
      return `up by ${percent(limit)}`;
    case 'latency':
      return `up to ${limit} times`;
  }
};

const conditionWords = (kind: ConditionKind, limit: number): string =>
  `${conditionLabels[kind].toLowerCase()} ${limitWords(kind, limit)}`;

/** A gate as short phrases, the success condition first. */
export function gateWords(gate: Gate): string[] {
  const limits = (['any', 'failed', 'rejected', 'timed_out'] as const).flatMap((kind) => {
    const limit = gate.errors[kind];
    if (limit === null) return [];
    return limit.share === 0
      ? `no ${failureWords[kind]}`
      : `${failureWords[kind]} up to ${percent(limit.share)}${limit.sample > 1 ? ` (of ${limit.sample} or more)` : ''}`;
  });
  return [
    successWords(gate),
    ...limits,
    ...(gate.shadow ? [`${duration(gate.shadow.seconds)} in the shadow first`] : []),
    ...(gate.shadow?.quality.conditions ?? []).map(({ kind, limit }) => conditionWords(kind, limit)),
    ...(gate.soakSeconds > 0 ? [`${duration(gate.soakSeconds)} soak`] : []),
    ...(gate.quality?.conditions ?? []).map(({ kind, limit }) => conditionWords(kind, limit)),
    ...(gate.window ? [`told from ${gate.window.from} to ${gate.window.to} (${gate.window.timeZone})`] : []),
    ...(gate.devicesPerMinute === null ? [] : [`${gate.devicesPerMinute} a minute`]),
  ];
}
