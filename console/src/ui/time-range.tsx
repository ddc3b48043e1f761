import { TextInput } from '@mantine/core';
import { t } from '../i18n/index.js';
import { wallClock, whenClockSays } from './zone.js';

/** ISO texts; an absent one: no bound. */
export interface Range {
  from?: string | undefined;
  until?: string | undefined;
}

/** From when and until when, each of which may be left out. */
export function TimeRange({ range, change }: { range: Range; change: (range: Range) => void }) {
  const field = (key: keyof Range, label: string) => (
    <TextInput
      type="datetime-local"
      label={label}
      value={range[key] ? wallClock(new Date(range[key])) : ''}
      onChange={(event) =>
        change({ ...range, [key]: whenClockSays(event.currentTarget.value)?.toISOString() })
      }
      data-testid={`time-${key}`}
    />
  );
  return (
    <>
      {field('from', t('From'))}
      {field('until', t('Until'))}
    </>
  );
}
