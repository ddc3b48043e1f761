import type { CreateRollout } from '../../api/types.js';
import { phrases, t } from '../../i18n/index.js';
import { duration, percent } from '../../ui/format.js';

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
  { name: t('Canaries'), size: { kind: 'devices', devices: 1 }, gate: cautiousGate },
  { name: t('First tenth'), size: { kind: 'share', share: 0.1 }, gate: usualGate },
  { name: t('Everybody else'), size: { kind: 'rest' }, gate: { ...usualGate, soakSeconds: 0 } },
];

export const addedGroup = (plan: Plan): PlannedGroup => ({
  name: t('Group {{plan}}', { plan: plan.length }),
  size: { kind: 'share', share: 0.1 },
  gate: usualGate,
});

export const sizeWords = (size: GroupSize): string => {
  switch (size.kind) {
    case 'devices':
      return t('{{count, number}} devices', { count: size.devices });
    case 'share':
      return percent(size.share);
    case 'rest':
      return t('the rest');
  }
};

export const successWords = ({ success }: Gate): string => {
  switch (success.kind) {
    case 'settled':
      return t('everybody within reach through');
    case 'devices':
      return t('{{devices}} confirmed', { devices: success.devices });
    case 'share':
      return t('{{share}} confirmed', { share: percent(success.share) });
  }
};

const failureWords = phrases({
  any: 'failures',
  failed: 'failed',
  rejected: 'rejected',
  timed_out: 'timed out',
});

const noneOf = phrases({
  any: 'no failures',
  failed: 'no failed',
  rejected: 'no rejected',
  timed_out: 'no timed out',
});

export const conditionLabels: Record<ConditionKind, string> = phrases({
  disagreement: 'Disagreement',
  class_share: 'Class shares',
  confidence: 'Confidence',
  flag_rate: 'Flagged frames',
  latency: 'Decision latency',
  golden: 'Golden frames',
});

export const limitWords = (kind: ConditionKind, limit: number): string => {
  switch (kind) {
    case 'disagreement':
    case 'golden':
      return t('up to {{limit}}', { limit: percent(limit) });
    case 'class_share':
      return t('within {{limit}}', { limit: percent(limit) });
    case 'confidence':
      return t('down by {{limit}}', { limit: percent(limit) });
    case 'flag_rate':
      return t('up by {{limit}}', { limit: percent(limit) });
    case 'latency':
      return t('up to {{limit}} times', { limit });
  }
};

const conditionWords = (kind: ConditionKind, limit: number): string =>
  `${t(conditionLabels[kind]).toLowerCase()} ${limitWords(kind, limit)}`;

/** A gate as short phrases, the success condition first. */
export function gateWords(gate: Gate): string[] {
  const limits = (['any', 'failed', 'rejected', 'timed_out'] as const).flatMap((kind) => {
    const limit = gate.errors[kind];
    if (limit === null) return [];
    return limit.share === 0
      ? t(noneOf[kind])
      : t('{{failureWords}} up to {{share}}{{sample}}', {
          failureWords: t(failureWords[kind]),
          share: percent(limit.share),
          sample: limit.sample > 1 ? t(' (of {{sample}} or more)', { sample: limit.sample }) : '',
        });
  });
  return [
    successWords(gate),
    ...limits,
    ...(gate.shadow
      ? [t('{{seconds}} in the shadow first', { seconds: duration(gate.shadow.seconds) })]
      : []),
    ...(gate.shadow?.quality.conditions ?? []).map(({ kind, limit }) => conditionWords(kind, limit)),
    ...(gate.soakSeconds > 0 ? [t('{{soak}} soak', { soak: duration(gate.soakSeconds) })] : []),
    ...(gate.quality?.conditions ?? []).map(({ kind, limit }) => conditionWords(kind, limit)),
    ...(gate.window
      ? [
          t('told from {{from}} to {{to}} ({{timeZone}})', {
            from: gate.window.from,
            to: gate.window.to,
            timeZone: gate.window.timeZone,
          }),
        ]
      : []),
    ...(gate.devicesPerMinute === null
      ? []
      : [t('{{devicesPerMinute}} a minute', { devicesPerMinute: gate.devicesPerMinute })]),
  ];
}
