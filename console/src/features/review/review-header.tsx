import { ActionIcon, Button } from '@mantine/core';
import {
  IconBook2,
  IconBookmarkPlus,
  IconCloudOff,
  IconKeyboard,
  IconPhotoSearch,
  IconUsersGroup,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { statsQuery, trainingRunsQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { ReviewStats } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Trans } from '../../i18n/trans.js';
import { integer } from '../../ui/format.js';
import classes from './review.module.css';
import type { ReviewSnapshot } from './session-state.js';

/** New labels after which it is worth pointing at the training page. */
const worthTraining = 20;

interface ReviewHeaderProps {
  snapshot: ReviewSnapshot;
  help: () => void;
  book: { open: boolean; toggle: () => void; putIn: (() => void) | null };
  similar: { open: boolean; toggle: () => void };
}

export function ReviewHeader({ snapshot, help, book, similar }: ReviewHeaderProps) {
  const stats = useQuery(statsQuery).data;
  // What is still on its way counts already: the numbers move with the person, not with the network.
  const left = Math.max(snapshot.items.length, (stats?.queued ?? 0) - snapshot.ahead);
  const mine = (stats?.mineToday ?? 0) + snapshot.ahead;
  const fresh = (stats?.labelsSinceLastTraining ?? 0) + snapshot.ahead;
  return (
    <header className={classes.header}>
      <div className={classes.counter}>
        <Trans
          i18nKey={'<b>{{left}}</b> left in the queue'}
          values={{ left: stats ? integer(left) : '–' }}
          components={{ b: <b data-testid="review-queue-left" /> }}
        />
      </div>
      <div className={classes.counter}>
        <Trans
          i18nKey={'<b>{{mine}}</b> by you today'}
          values={{ mine: stats ? integer(mine) : '–' }}
          components={{ b: <b data-testid="mine-today" /> }}
        />
        {stats?.perHour ? (
          <small>{t('{{round}} an hour', { round: integer(Math.round(stats.perHour)) })}</small>
        ) : null}
      </div>
      {stats?.taught ? <Effect taught={stats.taught} /> : null}
      {snapshot.offline ? (
        <div className={classes.offline} role="status" data-testid="review-offline">
          <IconCloudOff size={20} aria-hidden />
          {t('{{count, number}} answers kept here, sent when the network is back', {
            count: snapshot.pending,
          })}
        </div>
      ) : null}
      <div className={classes.headerEnd}>
        <Disputed frames={stats?.disputed ?? 0} />
        {fresh >= worthTraining && !snapshot.offline ? <TrainNudge labels={fresh} /> : null}
        <ActionIcon
          component={Link}
          to="/review/quality"
          variant="subtle"
          color="gray"
          size={44}
          aria-label={t('Label quality')}
        >
          <IconUsersGroup size={26} stroke={1.6} />
        </ActionIcon>
        {book.putIn ? (
          <ActionIcon
            variant="subtle"
            color="gray"
            size={44}
            onClick={book.putIn}
            aria-label={t('Put this frame into the label book')}
            data-testid="into-book"
          >
            <IconBookmarkPlus size={26} stroke={1.6} />
          </ActionIcon>
        ) : null}
        <ActionIcon
          variant={similar.open ? 'light' : 'subtle'}
          color={similar.open ? 'blue' : 'gray'}
          size={44}
          onMouseDown={(event) => event.preventDefault()}
          onClick={similar.toggle}
          aria-label={t('Labelled frames that look alike')}
          aria-pressed={similar.open}
          data-testid="toggle-similar"
        >
          <IconPhotoSearch size={26} stroke={1.6} />
        </ActionIcon>
        <ActionIcon
          variant={book.open ? 'light' : 'subtle'}
          color={book.open ? 'blue' : 'gray'}
          size={44}
          onMouseDown={(event) => event.preventDefault()}
          onClick={book.toggle}
          aria-label={t('Label book')}
          aria-pressed={book.open}
          data-testid="toggle-book"
        >
          <IconBook2 size={26} stroke={1.6} />
        </ActionIcon>
        <ActionIcon variant="subtle" color="gray" size={44} onClick={help} aria-label={t('Show the keys')}>
          <IconKeyboard size={26} stroke={1.6} />
        </ActionIcon>
      </div>
    </header>
  );
}

/** Where the person's labels of today have gone. */
const Effect = ({ taught: { labels, dataset, model } }: { taught: NonNullable<ReviewStats['taught']> }) => (
  <span className={classes.nudge} data-testid="taught">
    {model
      ? t('{{count, number}} of them are in dataset v{{dataset}}, model {{model}}', {
          count: labels,
          dataset,
          model,
        })
      : t('{{count, number}} of them are in dataset v{{dataset}}', { count: labels, dataset })}
  </span>
);

function Disputed({ frames }: { frames: number }) {
  const engineer = useMay('engineer');
  if (!engineer || frames === 0) return null;
  return (
    <Button component={Link} to="/review/disputed" variant="default" data-testid="to-disputes">
      {t('{{count, number}} disputed frames', { count: frames })}
    </Button>
  );
}

function TrainNudge({ labels }: { labels: number }) {
  const engineer = useMay('engineer');
  const running = useQuery(trainingRunsQuery).data?.some(
    ({ state }) => state === 'queued' || state === 'running',
  );
  if (running) return <span className={classes.nudge}>{t('Training is under way')}</span>;
  return (
    <span className={classes.nudge} data-testid="train-nudge">
      {t('{{count, number}} new labels since the last training', { count: labels })}
      {engineer ? (
        <Button component={Link} to="/training" size="compact-md">
          {t('Train now')}
        </Button>
      ) : null}
    </span>
  );
}
