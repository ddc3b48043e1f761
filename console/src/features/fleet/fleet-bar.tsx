import { SegmentedControl, Select } from '@mantine/core';
import { IconLayoutGrid, IconList } from '@tabler/icons-react';
import { t } from '../../i18n/index.js';
import { integer } from '../../ui/format.js';
import { SearchField } from '../../ui/search-field.js';
import { Lamp, type Tone } from '../../ui/signal.js';
import classes from './fleet.module.css';
import { type FleetSearch, tones, toneWords } from './search.js';
import type { Seen } from './view.js';

interface Props {
  search: FleetSearch;
  view: 'cards' | 'table';
  sites: string[];
  found: readonly Seen[];
  /** `undefined` takes that part away. */
  change: (change: { [K in keyof FleetSearch]?: FleetSearch[K] | undefined }) => void;
}

/** What of the fleet is shown, and how. */
export function FleetBar({ search, view, sites, found, change }: Props) {
  const count = (tone: Tone) => found.filter(({ health }) => health.tone === tone).length;
  return (
    <div className={classes.bar}>
      <SearchField
        label={t('Search in names, sites and tags')}
        placeholder={t('Name, site, tag')}
        text={search.q}
        change={(q) => change({ q })}
        className={classes.search}
        testId="fleet-search"
      />
      {sites.length > 0 ? (
        <Select
          className={classes.site}
          aria-label={t('Site')}
          placeholder={t('All sites')}
          data={sites}
          value={search.site ?? null}
          onChange={(site) => change({ site: site ?? undefined })}
          clearable
          data-testid="fleet-site"
        />
      ) : null}
      <fieldset className={classes.tones} aria-label={t('Health')}>
        {tones
          .filter((tone) => count(tone) > 0 || search.health === tone)
          .map((tone) => (
            <button
              key={tone}
              type="button"
              aria-pressed={search.health === tone}
              onClick={() => change({ health: search.health === tone ? undefined : tone })}
              data-testid={`fleet-health-${tone}`}
            >
              <Lamp tone={tone} />
              {t(toneWords[tone])} <b>{integer(count(tone))}</b>
            </button>
          ))}
      </fieldset>
      <SegmentedControl
        className={classes.view}
        size="sm"
        aria-label={t('View')}
        value={view}
        onChange={(value) => change({ view: value as typeof view })}
        data={[
          { value: 'cards', label: <ViewIcon icon={IconLayoutGrid} words={t('Cards')} /> },
          { value: 'table', label: <ViewIcon icon={IconList} words={t('Table')} /> },
        ]}
        data-testid="fleet-view"
      />
    </div>
  );
}

const ViewIcon = ({ icon: Icon, words }: { icon: typeof IconList; words: string }) => (
  <span className={classes.viewLabel} title={words}>
    <Icon size={18} aria-hidden />
    {words}
  </span>
);
