import { NumberInput, SimpleGrid, Switch } from '@mantine/core';
import { t } from '../../i18n/index.js';
import { type Gate, usualQuality } from './plan.js';
import { QualityFields } from './quality-fields.js';

export type ShadowTrial = NonNullable<Gate['shadow']>;

const usualTrial: ShadowTrial = {
  ...{ seconds: 3600, share: 1 },
  quality: { ...usualQuality, conditions: [{ kind: 'disagreement', limit: 0.05 }] },
};

/** All that can be measured of a model that decides nothing yet. */
const measurable = ['disagreement', 'latency'] as const;

interface Props {
  shadow: ShadowTrial | undefined;
  onChange: (shadow: ShadowTrial | undefined) => void;
}

/** The trial of the new version beside the champion, before the devices of a group switch. */
export function ShadowTrialFields({ shadow, onChange }: Props) {
  return (
    <div data-testid="shadow-trial">
      <Switch
        label={t('In the shadow first')}
        description={t('The devices run the new version beside their own before they switch.')}
        checked={shadow !== undefined}
        onChange={(event) => onChange(event.currentTarget.checked ? usualTrial : undefined)}
        data-testid="shadow-trial-on"
      />
      {shadow ? (
        <>
          <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="md" my="md">
            <NumberInput
              label={t('At least')}
              description={t('Time in the shadow')}
              min={0}
              max={43_200}
              suffix=" min"
              value={shadow.seconds / 60}
              onChange={(value) =>
                onChange({ ...shadow, seconds: Math.max(0, Math.round(Number(value) * 60)) })
              }
              data-testid="shadow-trial-minutes"
            />
            <NumberInput
              label={t('Frames')}
              description={t('That the new version sees too')}
              min={1}
              max={100}
              suffix=" %"
              value={Math.round(shadow.share * 100)}
              onChange={(value) =>
                onChange({ ...shadow, share: Math.min(100, Math.max(1, Number(value) || 1)) / 100 })
              }
            />
          </SimpleGrid>
          <QualityFields
            quality={shadow.quality}
            of={measurable}
            words={t(
              'What it has to be like there. A condition that fails pauses the rollout before anything switches.',
            )}
            onChange={(quality) => quality && onChange({ ...shadow, quality })}
          />
        </>
      ) : null}
    </div>
  );
}
