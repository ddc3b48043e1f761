import { NumberInput, Select, Switch } from '@mantine/core';
import { t } from '../../i18n/index.js';
import classes from './device.module.css';
import type { RemoteSettings } from './effective.js';
import { changeBudget, changePolicy, type Draft, policyOf } from './settings-draft.js';

interface Props {
  draft: Draft;
  effective: Partial<RemoteSettings>;
  change: (draft: Draft) => void;
}

const levels = ['error', 'warn', 'info', 'debug', 'trace'];
const megabyte = 1_000_000;

/** The few settings that are changed often; everything else is in the JSON. */
export function UsualSettings({ draft, effective, change }: Props) {
  const policy = policyOf(draft, effective);
  const budget = policy.budget ?? {};
  const level = typeof draft.logLevel === 'string' ? draft.logLevel : effective.logLevel;
  const limit = (
    label: string,
    key: 'framesPerHour' | 'framesPerDay' | 'bytesPerHour' | 'bytesPerDay',
    unit: number,
    suffix?: string,
  ) => {
    const current = budget[key];
    return (
      <NumberInput
        label={label}
        placeholder={t('No limit')}
        min={1}
        allowDecimal={false}
        thousandSeparator=","
        {...(suffix ? { suffix } : {})}
        value={current === undefined ? '' : Math.round(current / unit)}
        onChange={(value) =>
          change(changeBudget(draft, effective, key, typeof value === 'number' ? value * unit : undefined))
        }
      />
    );
  };
  return (
    <div className={classes.usual}>
      <NumberInput
        label={t('Audit share')}
        description={t('Random frames sent for checking')}
        min={0}
        max={100}
        decimalScale={2}
        suffix=" %"
        value={policy.auditShare === undefined ? '' : Math.round(policy.auditShare * 10_000) / 100}
        onChange={(value) =>
          typeof value === 'number' &&
          change(changePolicy(draft, effective, { auditShare: Math.round(value * 100) / 10_000 }))
        }
        data-testid="audit-share"
      />
      <Select
        label={t('Log level')}
        description={t('How much the device writes down')}
        data={levels}
        value={level ?? null}
        onChange={(value) => value && change({ ...draft, logLevel: value })}
        allowDeselect={false}
      />
      <Switch
        className={classes.whole ?? ''}
        size="md"
        label={t('Record everything')}
        description={t('Send every frame, while a dataset is being born')}
        checked={policy.recordAll ?? false}
        onChange={(event) =>
          change(changePolicy(draft, effective, { recordAll: event.currentTarget.checked }))
        }
        data-testid="record-all"
      />
      {limit(t('Frames an hour at most'), 'framesPerHour', 1)}
      {limit(t('Frames a day at most'), 'framesPerDay', 1)}
      {limit(t('Upload an hour at most'), 'bytesPerHour', megabyte, ' MB')}
      {limit(t('Upload a day at most'), 'bytesPerDay', megabyte, ' MB')}
    </div>
  );
}
