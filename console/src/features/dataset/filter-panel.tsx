import { Button, RangeSlider, Switch, TextInput } from '@mantine/core';
import { IconSearch, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { classesQuery, devicesQuery, trainingRunQuery } from '../../api/queries.js';
import type { FrameFilter, FrameSummary } from '../../api/types.js';
import { integer, percent } from '../../ui/format.js';
import classes from './dataset.module.css';
import { type FilterChange, findingWords, labelWords, reasonWords } from './filter.js';
import { InspectionPanel } from './inspection-panel.js';

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
      title: 'State',
      name: (value) => labelWords[value as keyof typeof labelWords] ?? value,
    },
    { facet: 'classId', title: 'Label', name: (value) => classById.get(value)?.name ?? value },
    {
      facet: 'finding',
      title: 'Worth a look',
      name: (value) => findingWords[value as keyof typeof findingWords] ?? value,
    },
    { facet: 'predicted', title: 'Camera said', name: (value) => classById.get(value)?.name ?? value },
    { facet: 'deviceId', title: 'Device', name: (value) => deviceById.get(value) ?? value },
    { facet: 'model', title: 'Decided by', name: (value) => `Model ${value}` },
    {
      facet: 'reason',
      title: 'Sent because',
      name: (value) => reasonWords[value as keyof typeof reasonWords] ?? value,
    },
  ];
  const filtered = Object.keys(filter).length > 0;
  return (
    <div className={classes.filters} data-testid="dataset-filters">
      <Search text={filter.text} change={(text) => change({ text })} />
      {filtered ? (
        <Button variant="default" size="sm" leftSection={<IconX size={16} />} onClick={() => only({})}>
          Show everything
        </Button>
      ) : null}
      {filter.ids ? <Chosen words="Frames of a figure" drop={() => change({ ids: undefined })} /> : null}
      {filter.area ? <Chosen words="An area of the map" drop={() => change({ area: undefined })} /> : null}
      {filter.answered ? (
        <Answered which={filter.answered} drop={() => change({ answered: undefined })} />
      ) : null}
      {filter.cluster === undefined ? null : (
        <Chosen
          words={`Look-alikes ${filter.cluster + 1}`}
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
      <fieldset className={classes.facet}>
        <legend>More</legend>
        <Switch
          label="Label and camera differ"
          checked={filter.contradicted === true}
          onChange={(event) => change({ contradicted: event.currentTarget.checked || undefined })}
        />
        <Switch
          label="Waiting for review"
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
          Next
        </Button>
      ) : null}
      <Button size="compact-sm" variant="subtle" color="gray" onClick={drop} aria-label={`Not only ${words}`}>
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
    classId === answer ? `${name(classId)}, recognised` : `${name(classId)}, taken for ${name(answer)}`;
  return <Chosen words={`${words} by ${run ? `run ${run.number}` : 'a run'}`} drop={drop} />;
}

/** A value that is filtered by stays there even when nothing matches it any more. */
const withChosen = (values: FrameSummary['facets'][Facet], chosen: string | undefined) =>
  chosen === undefined || values.some(({ value }) => value === chosen)
    ? values
    : [...values, { value: chosen, frames: 0 }];

const searchDelayMs = 250;

function Search({ text, change }: { text: string | undefined; change: (text: string | undefined) => void }) {
  const [typed, setTyped] = useState(text ?? '');
  useEffect(() => setTyped(text ?? ''), [text]);
  useEffect(() => {
    const wanted = typed.trim() || undefined;
    if (wanted === text) return;
    const timer = window.setTimeout(() => change(wanted), searchDelayMs);
    return () => window.clearTimeout(timer);
  }, [typed, text, change]);
  return (
    <TextInput
      aria-label="Search in file names, groups and metadata"
      placeholder="File, group, metadata"
      leftSection={<IconSearch size={18} />}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
    />
  );
}

function Confidence({ filter, change }: Pick<FilterPanelProps, 'filter' | 'change'>) {
  const given: [number, number] = [(filter.leastSure ?? 0) * 100, (filter.surest ?? 1) * 100];
  const [moved, setMoved] = useState<[number, number] | null>(null);
  const [least, most] = moved ?? given;
  return (
    <div className={classes.confidence}>
      <span>
        Confidence {percent(least / 100)} – {percent(most / 100)}
      </span>
      <RangeSlider
        thumbFromLabel="Confidence of the camera at least"
        thumbToLabel="Confidence of the camera at most"
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
