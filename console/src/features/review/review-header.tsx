import { ActionIcon, Button } from '@mantine/core';
import { IconBook2, IconBookmarkPlus, IconCloudOff, IconKeyboard, IconUsersGroup } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { statsQuery, trainingRunsQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { ReviewStats } from '../../api/types.js';
import { integer, plural } from '../../ui/format.js';
import classes from './review.module.css';
import type { ReviewSnapshot } from './session-state.js';

/** New labels after which it is worth pointing at the training page. */
const worthTraining = 20;

interface ReviewHeaderProps {
  snapshot: ReviewSnapshot;
  help: () => void;
  book: { open: boolean; toggle: () => void; putIn: (() => void) | null };
}

export function ReviewHeader({ snapshot, help, book }: ReviewHeaderProps) {
  const stats = useQuery(statsQuery).data;
  // What is still on its way counts already: the numbers move with the person, not with the network.
  const left = Math.max(snapshot.items.length, (stats?.queued ?? 0) - snapshot.ahead);
  const mine = (stats?.mineToday ?? 0) + snapshot.ahead;
  const fresh = (stats?.labelsSinceLastTraining ?? 0) + snapshot.ahead;
  return (
    <header className={classes.header}>
      <div className={classes.counter}>
        <b data-testid="review-queue-left">{stats ? integer(left) : '–'}</b> left in the queue
      </div>
      <div className={classes.counter}>
        <b data-testid="mine-today">{stats ? integer(mine) : '–'}</b> by you today
        {stats?.perHour ? <small>{integer(Math.round(stats.perHour))} an hour</small> : null}
      </div>
      {stats?.taught ? <Effect taught={stats.taught} /> : null}
      {snapshot.offline ? (
        <div className={classes.offline} role="status" data-testid="review-offline">
          <IconCloudOff size={20} aria-hidden />
          {plural(snapshot.pending, 'answer')} kept here, sent when the network is back
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
          aria-label="Label quality"
        >
          <IconUsersGroup size={26} stroke={1.6} />
        </ActionIcon>
        {book.putIn ? (
          <ActionIcon
            variant="subtle"
            color="gray"
            size={44}
            onClick={book.putIn}
            aria-label="Put this frame into the label book"
            data-testid="into-book"
          >
            <IconBookmarkPlus size={26} stroke={1.6} />
          </ActionIcon>
        ) : null}
        <ActionIcon
          variant={book.open ? 'light' : 'subtle'}
          color={book.open ? 'blue' : 'gray'}
          size={44}
          onMouseDown={(event) => event.preventDefault()}
          onClick={book.toggle}
          aria-label="Label book"
          aria-pressed={book.open}
          data-testid="toggle-book"
        >
          <IconBook2 size={26} stroke={1.6} />
        </ActionIcon>
        <ActionIcon variant="subtle" color="gray" size={44} onClick={help} aria-label="Show the keys">
          <IconKeyboard size={26} stroke={1.6} />
        </ActionIcon>
      </div>
    </header>
  );
}

/** Where the person's labels of today have gone. */
const Effect = ({ taught: { labels, dataset, model } }: { taught: NonNullable<ReviewStats['taught']> }) => (
  <span className={classes.nudge} data-testid="taught">
    {labels === 1 ? '1 of them is' : `${integer(labels)} of them are`} in dataset v{dataset}
    {model ? `, model ${model}` : ''}
  </span>
);

function Disputed({ frames }: { frames: number }) {
  const engineer = useMay('engineer');
  if (!engineer || frames === 0) return null;
  return (
    <Button component={Link} to="/review/disputed" variant="default" data-testid="to-disputes">
      {plural(frames, 'disputed frame')}
    </Button>
  );
}

function TrainNudge({ labels }: { labels: number }) {
  const engineer = useMay('engineer');
  const running = useQuery(trainingRunsQuery).data?.some(
    ({ state }) => state === 'queued' || state === 'running',
  );
  if (running) return <span className={classes.nudge}>Training is under way</span>;
  return (
    <span className={classes.nudge} data-testid="train-nudge">
      {plural(labels, 'new label')} since the last training
      {engineer ? (
        <Button component={Link} to="/training" size="compact-md">
          Train now
        </Button>
      ) : null}
    </span>
  );
}
