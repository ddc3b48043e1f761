import { NumberInput, SimpleGrid, Stack } from '@mantine/core';
import { t } from '../../i18n/index.js';
import type { Gate } from './plan.js';
import { QualityFields } from './quality-fields.js';
import { ShadowTrialFields } from './shadow-trial-fields.js';
import { WindowFields } from './window-fields.js';

type Kind = 'rejected' | 'timed_out';

/** What of a gate is seldom changed. */
export function GateDetails({ gate, onChange }: { gate: Gate; onChange: (gate: Gate) => void }) {
  const { any } = gate.errors;
  const share = (kind: Kind, label: string, description: string) => {
    const limit = gate.errors[kind];
    return (
      <NumberInput
        label={label}
        description={description}
        placeholder={t('no limit of their own')}
        min={0}
        max={100}
        suffix=" %"
        value={limit === null ? '' : limit.share * 100}
        onChange={(value) =>
          onChange({
            ...gate,
            errors: {
              ...gate.errors,
              [kind]:
                value === ''
                  ? null
                  : { share: Number(value) / 100, sample: limit?.sample ?? any?.sample ?? 1 },
            },
          })
        }
      />
    );
  };
  const minutes = (
    field: 'offlineSeconds' | 'timeoutSeconds',
    label: string,
    description: string,
    min: number,
  ) => (
    <NumberInput
      label={label}
      description={description}
      min={min}
      max={10_080}
      suffix=" min"
      value={gate[field] / 60}
      onChange={(value) => onChange({ ...gate, [field]: Math.round(Math.max(min, Number(value)) * 60) })}
    />
  );
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="md">
        <NumberInput
          label={t('Judged from')}
          description={t('Fewer devices count as so many')}
          min={1}
          max={100_000}
          suffix={any?.sample === 1 ? t(' device') : t(' devices')}
          disabled={any === null}
          value={any?.sample ?? ''}
          onChange={(value) =>
            any &&
            onChange({
              ...gate,
              errors: {
                ...gate.errors,
                any: { ...any, sample: Math.max(1, Math.round(Number(value) || 1)) },
              },
            })
          }
        />
        {share('rejected', t('Rejected up to'), t('Devices that did not trust the package'))}
        {share('timed_out', t('Timed out up to'), t('Connected devices that went silent'))}
        {minutes('timeoutSeconds', t('Timed out after'), t('Connected, and nothing new'), 1)}
        {minutes('offlineSeconds', t('Out of reach after'), t('Offline: neither holds up nor fails'), 0)}
        <NumberInput
          label={t('Told a minute')}
          description={t('At most so many devices')}
          placeholder={t('all at once')}
          min={1}
          max={100_000}
          suffix={t(' devices')}
          value={gate.devicesPerMinute ?? ''}
          onChange={(value) =>
            onChange({
              ...gate,
              devicesPerMinute: value === '' ? null : Math.max(1, Math.round(Number(value) || 1)),
            })
          }
        />
        <WindowFields
          window={gate.window}
          onChange={(window) => {
            const { window: _, ...others } = gate;
            onChange(window ? { ...others, window } : others);
          }}
        />
      </SimpleGrid>
      <ShadowTrialFields
        shadow={gate.shadow}
        onChange={(shadow) => {
          const { shadow: _, ...others } = gate;
          onChange(shadow ? { ...others, shadow } : others);
        }}
      />
      <QualityFields
        quality={gate.quality}
        onChange={(quality) => {
          const { quality: _, ...others } = gate;
          onChange(quality ? { ...others, quality } : others);
        }}
      />
    </Stack>
  );
}
