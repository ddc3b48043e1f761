import { Button, Progress } from '@mantine/core';
import { IconCertificate, IconChecklist, IconWand, IconX } from '@tabler/icons-react';
import type { ClassItem } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { integer } from '../../ui/format.js';
import { digitOf } from '../review/answer-panel.js';
import classes from './dataset.module.css';
import type { Progress as Done } from './use-bulk.js';

interface SelectionBarProps {
  chosen: number;
  classList: readonly ClassItem[];
  progress: Done | null;
  stop: () => void;
  label: (chosen: ClassItem) => void;
  /** Chosen frames whose label is in doubt. */
  doubted: number;
  accept: () => void;
  queue: () => void;
  /** Null: not for this person. */
  known: (() => void) | null;
  clear: () => void;
}

/** What can be done with the chosen frames. */
export function SelectionBar(props: SelectionBarProps) {
  const { chosen, classList, progress, stop, label, doubted, accept, queue, known, clear } = props;
  if (progress && progress.total > progress.done) {
    return (
      <div className={classes.bar} role="status">
        <b>
          {t('{{done}} of {{count, number}} frames', { count: progress.total, done: integer(progress.done) })}
        </b>
        <Progress className={classes.progress} value={(100 * progress.done) / progress.total} />
        <Button variant="default" onClick={stop}>
          {t('Stop here')}
        </Button>
      </div>
    );
  }
  return (
    <div className={classes.bar} data-testid="selection-bar">
      <b className={classes.barCount}>{t('{{count, number}} frames', { count: chosen })}</b>
      <div className={classes.barClasses}>
        {classList.map((each, place) => (
          <button
            key={each.id}
            type="button"
            className={classes.choice}
            style={{ '--class-colour': each.colour }}
            onClick={() => label(each)}
            data-testid={`label-selection-${each.id}`}
          >
            {digitOf(place) ? <kbd>{digitOf(place)}</kbd> : null}
            {each.name}
          </button>
        ))}
      </div>
      {doubted > 0 ? (
        <Button leftSection={<IconWand size={18} />} onClick={accept} data-testid="accept-suggestions">
          {t('Take {{doubted}} suggested', { doubted: integer(doubted) })}{' '}
          <kbd className={classes.key}>A</kbd>
        </Button>
      ) : null}
      <Button
        variant="default"
        leftSection={<IconChecklist size={18} />}
        onClick={queue}
        data-testid="to-queue"
      >
        {t('To the queue')} <kbd className={classes.key}>Q</kbd>
      </Button>
      {known ? (
        <Button
          variant="default"
          leftSection={<IconCertificate size={18} />}
          onClick={known}
          data-testid="mark-known"
        >
          {t('Known answer')}
        </Button>
      ) : null}
      <Button variant="subtle" color="gray" onClick={clear} aria-label={t('Choose none')}>
        <IconX size={18} />
      </Button>
    </div>
  );
}
