import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown, IconChevronUp } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { slicesQuery } from '../../api/queries.js';
import type { FrameFilter } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { integer } from '../../ui/format.js';
import { Failed, Loading } from '../../ui/page.js';
import classes from './dataset.module.css';

interface Props {
  filter: FrameFilter;
  change: (slice: string | undefined) => void;
}

/** What the metadata of the frames says, by which a line is cut into slices; counted when somebody asks. */
export function SlicesPanel({ filter, change }: Props) {
  const [asked, ask] = useDisclosure(false);
  const open = asked || filter.slice !== undefined;
  return (
    <>
      <Button
        variant="subtle"
        color="gray"
        size="sm"
        justify="space-between"
        rightSection={open ? <IconChevronUp size={16} /> : <IconChevronDown size={16} />}
        onClick={() => {
          if (filter.slice !== undefined) change(undefined);
          if (open) ask.close();
          else ask.open();
        }}
        aria-expanded={open}
        data-testid="toggle-slices"
      >
        {t('By metadata')}
      </Button>
      {open ? <Slices filter={filter} change={change} /> : null}
    </>
  );
}

function Slices({ filter, change }: Props) {
  const slices = useQuery(slicesQuery(filter));
  if (slices.error) return <Failed error={slices.error} retry={() => void slices.refetch()} />;
  if (!slices.data) return <Loading rows={3} height={34} />;
  if (slices.data.length === 0) return <p className={classes.hint}>{t('These frames carry no metadata.')}</p>;
  return slices.data.map(({ key, values }) => (
    <fieldset key={key} className={classes.facet}>
      <legend>{key}</legend>
      {values.map(({ value, frames }) => {
        const slice = `${key}=${value}`;
        return (
          <button
            key={value}
            type="button"
            aria-pressed={filter.slice === slice}
            data-testid={`filter-slice-${slice}`}
            onClick={() => change(filter.slice === slice ? undefined : slice)}
          >
            <span>{value}</span>
            <b>{integer(frames)}</b>
          </button>
        );
      })}
    </fieldset>
  ));
}
