import { Button, RangeSlider, Switch } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { classesQuery, classNamesQuery, devicesQuery, trainingRunQuery } from '../../api/queries.js';
import type { FrameFilter, FrameSummary } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { integer, percent } from '../../ui/format.js';
import { SearchField } from '../../ui/search-field.js';
import { TimeRange } from '../../ui/time-range.js';
import classes from './dataset.module.css';
import { agreementWords, type FilterChange, findingWords, labelWords, reasonWords } from './filter.js';
import { InspectionPanel } from './inspection-panel.js';
import { SlicesPanel } from './slices-panel.js';

type Facet = keyof FrameSummary['facets'];

interface FilterPanelProps {
  filter: FrameFilter;
  summary: FrameSummary | undefined;
  change: (change: FilterChange) => void;
  /** This and nothing else. */
  only: (filter: FrameFilter) => void;
}

/** What to show: values with how many frames each would leave. */
export function FilterPanel({ filter, summary, change, only }: FilterPanelProps) {
  const classById = new Map((useQuery(classesQuery).data ?? []).map((each) => [each.id, each]));
  const deviceById = new Map((useQuery(devicesQuery).data ?? []).map(({ id, name }) => [id, name]));
  const facets: { facet: Facet; title: string; name: (value: string) => string }[] = [
    {
      facet: 'label',
      title: t('State'),
      name: (value) => t(labelWords[value as keyof typeof labelWords] ?? value),
    },
    { facet: 'classId', title: t('Label'), name: (value) => classById.get(value)?.name ?? value },
    {
      facet: 'agreement',
      title: t('Opinions'),
      name: (value) => t(agreementWords[value as keyof typeof agreementWords] ?? value),
    },
    {
      facet: 'finding',
      title: t('Worth a look'),
      name: (value) => t(findingWords[value as keyof typeof findingWords] ?? value),
    },
    { facet: 'predicted', title: t('Camera said'), name: (value) => classById.get(value)?.name ?? value },
    { facet: 'deviceId', title: t('Device'), name: (value) => deviceById.get(value) ?? value },
    { facet: 'model', title: t('Decided by'), name: (value) => t('Model {{value}}', { value }) },
    {
      facet: 'reason',
      title: t('Sent because'),
      name: (value) => t(reasonWords[value as keyof typeof reasonWords] ?? value),
    },
  ];
  const filtered = Object.keys(filter).length > 0;
  return (
    <div className={classes.filters} data-testid="dataset-filters">
      <SearchField
        label={t('Search in file names, groups and metadata')}
        placeholder={t('File, group, metadata')}
        text={filter.text}
        change={(text) => change({ text })}
      />
      {filtered ? (
        <Button variant="default" size="sm" leftSection={<IconX size={16} />} onClick={() => only({})}>
          {t('Show everything')}
        </Button>
      ) : null}
      {filter.ids ? <Chosen words={t('Frames of a figure')} drop={() => change({ ids: undefined })} /> : null}
      {filter.area ? (
        <Chosen words={t('An area of the map')} drop={() => change({ area: undefined })} />
      ) : null}
      {filter.disputed === undefined ? null : (
        <Chosen
          words={filter.disputed ? t('Disputed') : t('Not disputed')}
          drop={() => change({ disputed: undefined })}
        />
      )}
      {filter.answered ? (
        <Answered which={filter.answered} drop={() => change({ answered: undefined })} />
      ) : null}
      {filter.version ? (
        <OfVersion which={filter.version} drop={() => change({ version: undefined })} />
      ) : null}
      {filter.cluster === undefined ? null : (
        <Chosen
          words={t('Look-alikes {{cluster}}', { cluster: filter.cluster + 1 })}
          drop={() => change({ cluster: undefined })}
          next={() => change({ cluster: (filter.cluster ?? 0) + 1 })}
        />
      )}
      <InspectionPanel only={only} />
      {facets.map(({ facet, title, name }) => {
        const values = summary?.facets[facet] ?? [];
        if (values.length === 0 && filter[facet] === undefined) return null;
        return (
          <fieldset key={facet} className={classes.facet}>
            <legend>{title}</legend>
            {withChosen(values, filter[facet]).map(({ value, frames }) => (
              <button
                key={value}
                type="button"
                aria-pressed={filter[facet] === value}
                data-testid={`filter-${facet}-${value}`}
                onClick={() => change({ [facet]: filter[facet] === value ? undefined : value })}
              >
                <span>{name(value)}</span>
                <b>{integer(frames)}</b>
              </button>
            ))}
          </fieldset>
        );
      })}
      <fieldset className={`${classes.facet} ${classes.times}`}>
        <legend>{t('Captured')}</legend>
        <TimeRange range={filter} change={({ from, until }) => change({ from, until })} />
      </fieldset>
      <SlicesPanel filter={filter} change={(slice) => change({ slice })} />
      <fieldset className={classes.facet}>
        <legend>{t('More')}</legend>
        <Switch
          label={t('Label and camera differ')}
          checked={filter.contradicted === true}
          onChange={(event) => change({ contradicted: event.currentTarget.checked || undefined })}
        />
        <Switch
          label={t('Waiting for review')}
          checked={filter.waiting === true}
          onChange={(event) => change({ waiting: event.currentTarget.checked || undefined })}
        />
        <Confidence filter={filter} change={change} />
      </fieldset>
    </div>
  );
}

function Chosen({ words, drop, next }: { words: string; drop: () => void; next?: () => void }) {
  return (
    <p className={classes.chosen}>
      <span>{words}</span>
      {next ? (
        <Button size="compact-sm" variant="default" onClick={next}>
          {t('Next')}
        </Button>
      ) : null}
      <Button
        size="compact-sm"
        variant="subtle"
        color="gray"
        onClick={drop}
        aria-label={t('Not only {{words}}', { words })}
      >
        <IconX size={16} />
      </Button>
    </p>
  );
}

/** A cell of a run's confusion matrix. */
function Answered({ which, drop }: { which: string; drop: () => void }) {
  const [runId = '', classId, answer] = which.split(',');
  const run = useQuery(trainingRunQuery(runId)).data;
  const known = useQuery(classesQuery).data ?? [];
  const name = (id: string | undefined) => known.find((each) => each.id === id)?.name ?? id;
  const words =
    classId === answer
      ? t('{{name}}, recognised by run {{run}}', { name: name(classId), run: run?.number ?? '…' })
      : t('{{name}}, taken for {{other}} by run {{run}}', {
          name: name(classId),
          other: name(answer),
          run: run?.number ?? '…',
        });
  return <Chosen words={words} drop={drop} />;
}

/** Frames of a dataset version, of a split or a class of it. */
function OfVersion({ which, drop }: { which: string; drop: () => void }) {
  const [id = '', split, classId] = which.split(',');
  const names = useQuery(classNamesQuery).data;
  const number = id.replace(/^d/, '');
  const words = [
    t('Version {{number}}', { number }),
    ...(split === 'train' || split === 'test' ? [split === 'train' ? t('Train') : t('Test')] : []),
    ...(classId ? [names?.get(classId) ?? classId] : []),
  ];
  return <Chosen words={words.join(', ')} drop={drop} />;
}

/** A value that is filtered by stays there even when nothing matches it any more. */
const withChosen = (values: FrameSummary['facets'][Facet], chosen: string | undefined) =>
  chosen === undefined || values.some(({ value }) => value === chosen)
    ? values
    : [...values, { value: chosen, frames: 0 }];

function Confidence({ filter, change }: Pick<FilterPanelProps, 'filter' | 'change'>) {
  const given: [number, number] = [(filter.leastSure ?? 0) * 100, (filter.surest ?? 1) * 100];
  const [moved, setMoved] = useState<[number, number] | null>(null);
  const [least, most] = moved ?? given;
  return (
    <div className={classes.confidence}>
      <span>
        {t('Confidence {{least}} – {{most}}', { least: percent(least / 100), most: percent(most / 100) })}
      </span>
      <RangeSlider
        thumbFromLabel={t('Confidence of the camera at least')}
        thumbToLabel={t('Confidence of the camera at most')}
        label={null}
        minRange={1}
        value={[least, most]}
        onChange={setMoved}
        onChangeEnd={([from, to]) => {
          setMoved(null);
          change({
            leastSure: from === 0 ? undefined : from / 100,
            surest: to === 100 ? undefined : to / 100,
          });
        }}
      />
    </div>
  );
}
