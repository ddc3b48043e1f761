import { Select, TextInput } from '@mantine/core';
import { t } from '../../i18n/index.js';
import { zone, zones } from '../../ui/zone.js';
import type { Gate } from './plan.js';

type Window = NonNullable<Gate['window']>;

interface Props {
  window: Window | undefined;
  onChange: (window: Window | undefined) => void;
}

/** Maintenance window: without a beginning there is none. */
export function WindowFields({ window, onChange }: Props) {
  const usual: Window = { from: '22:00', to: '04:00', timeZone: zone() };
  const clock = (key: 'from' | 'to', label: string, description: string) => (
    <TextInput
      type="time"
      label={label}
      description={description}
      value={window?.[key] ?? ''}
      onChange={(event) => {
        const value = event.currentTarget.value;
        onChange(value === '' ? undefined : { ...usual, ...window, [key]: value });
      }}
    />
  );
  return (
    <>
      {clock('from', t('Told from'), t('Empty: at any time'))}
      {clock('to', t('Told until'), t('Before the beginning: over midnight'))}
      <Select
        label={t('Time zone')}
        description={t('Where the site has none')}
        data={zones()}
        searchable
        allowDeselect={false}
        disabled={!window}
        value={window?.timeZone ?? zone()}
        onChange={(timeZone) => timeZone && window && onChange({ ...window, timeZone })}
      />
    </>
  );
}
