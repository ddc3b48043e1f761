import { ActionIcon, Button } from '@mantine/core';
import { IconCloudOff, IconKeyboard } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { statsQuery, trainingRunsQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import { integer, plural } from '../../ui/format.js';
import classes from './review.module.css';
import type { ReviewSnapshot } from './session-state.js';

/** New labels after which it is worth pointing at the training page. */
const worthTraining = 20;

export function ReviewHeader({ snapshot, help }: { snapshot: ReviewSnapshot; help: () => void }) {
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
      </div>
      {snapshot.offline ? (
        <div className={classes.offline} role="status" data-testid="review-offline">
          <IconCloudOff size={20} aria-hidden />
          {plural(snapshot.pending, 'answer')} kept here, sent when the network is back
        </div>
      ) : null}
      <div className={classes.headerEnd}>
        <Disputed frames={stats?.disputed ?? 0} />
        {fresh >= worthTraining && !snapshot.offline ? <TrainNudge labels={fresh} /> : null}
        <ActionIcon variant="subtle" color="gray" size={44} onClick={help} aria-label="Show the keys">
          <IconKeyboard size={26} stroke={1.6} />
        </ActionIcon>
      </div>
    </header>
  );
}

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
