import { NumberInput, SimpleGrid } from '@mantine/core';
import { t } from '../../i18n/index.js';
import { Note } from '../../ui/signal.js';
import { type Strategy, startingPlan } from './plan.js';
import { PlanEditor } from './plan-editor.js';

type Strategies = { [Kind in Strategy['kind']]: Extract<Strategy, { kind: Kind }> };

export const startingStrategies = (): Strategies => ({
  all_at_once: { kind: 'all_at_once' },
  canary: { kind: 'canary', canaries: 1, confirmations: 1, soakSeconds: 60 },
  shadow_first: {
    ...{ kind: 'shadow_first', devices: 1, seconds: 3600, observations: 30 },
    ...{ disagreement: 0.05, soakSeconds: 600 },
  },
  staged: { kind: 'staged', groups: startingPlan() },
});

const whole = (value: string | number, least: number): number =>
  Math.max(least, Math.round(Number(value) || 0));

interface Props<S extends Strategy> {
  strategy: S;
  /** Of the fleet. */
  devices: number;
  onChange: (strategy: S) => void;
}

/** What there is to say of a strategy. */
export function StrategyFields({ strategy, devices, onChange }: Props<Strategy>) {
  switch (strategy.kind) {
    case 'all_at_once':
      return null;
    case 'canary':
      return <CanaryFields {...{ strategy, devices, onChange }} />;
    case 'shadow_first':
      return <ShadowFields {...{ strategy, devices, onChange }} />;
    case 'staged':
      return (
        <PlanEditor plan={strategy.groups} onChange={(groups) => onChange({ kind: 'staged', groups })} />
      );
  }
}

function CanaryFields({ strategy, devices, onChange }: Props<Strategies['canary']>) {
  const { canaries, confirmations, soakSeconds } = strategy;
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }}>
      <NumberInput
        label={t('Canaries')}
        description={t('Devices that go first')}
        min={1}
        max={Math.max(1, devices)}
        allowDecimal={false}
        value={canaries}
        onChange={(value) => {
          const most = whole(value, 1);
          onChange({ ...strategy, canaries: most, confirmations: Math.min(confirmations, most) });
        }}
      />
      <NumberInput
        label={t('Confirmations')}
        description={t('Needed to go on')}
        min={1}
        max={canaries}
        allowDecimal={false}
        value={confirmations}
        onChange={(value) => onChange({ ...strategy, confirmations: Math.min(whole(value, 1), canaries) })}
      />
      <NumberInput
        label={t('Soak')}
        description={t('Time without failure')}
        min={0}
        max={604_800}
        suffix=" s"
        allowDecimal={false}
        value={soakSeconds}
        onChange={(value) => onChange({ ...strategy, soakSeconds: whole(value, 0) })}
        data-testid="rollout-soak"
      />
    </SimpleGrid>
  );
}

function ShadowFields({ strategy, devices, onChange }: Props<Strategies['shadow_first']>) {
  const minutes = (field: 'seconds' | 'soakSeconds', label: string, description: string) => (
    <NumberInput
      label={label}
      description={description}
      min={0}
      max={10_080}
      suffix=" min"
      value={strategy[field] / 60}
      onChange={(value) => onChange({ ...strategy, [field]: whole(Number(value) * 60, 0) })}
    />
  );
  return (
    <>
      <Note tone="idle">
        {t(
          'The first devices run the new version beside their own. Nothing they decide changes before it agreed with the champion; then they switch, and the rest follows.',
        )}
      </Note>
      <SimpleGrid cols={{ base: 1, xs: 3, md: 5 }}>
        <NumberInput
          label={t('Devices')}
          description={t('In the shadow first')}
          min={1}
          max={Math.max(1, devices)}
          allowDecimal={false}
          value={strategy.devices}
          onChange={(value) => onChange({ ...strategy, devices: whole(value, 1) })}
          data-testid="shadow-devices"
        />
        {minutes('seconds', t('At least'), t('Time in the shadow'))}
        <NumberInput
          label={t('Observations')}
          description={t('Minutes of a device')}
          min={1}
          max={100_000}
          allowDecimal={false}
          value={strategy.observations}
          onChange={(value) => onChange({ ...strategy, observations: whole(value, 1) })}
        />
        <NumberInput
          label={t('Disagreement')}
          description={t('Of the frames, at most')}
          min={0.1}
          max={99}
          decimalScale={1}
          suffix=" %"
          value={Math.round(strategy.disagreement * 1000) / 10}
          onChange={(value) =>
            onChange({ ...strategy, disagreement: Math.min(99, Math.max(0.1, Number(value) || 0)) / 100 })
          }
        />
        {minutes('soakSeconds', t('Soak'), t('After they switched'))}
      </SimpleGrid>
    </>
  );
}
