import { Button } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { frameImageUrl } from '../../api/client.js';
import { changedFramesQuery, classNamesQuery } from '../../api/queries.js';
import type { ChangedFrame, ChangeKind, DatasetVersion } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Failed, Loading } from '../../ui/page.js';
import classes from './versions.module.css';

interface ChangedFramesProps {
  from: DatasetVersion;
  to: DatasetVersion;
  kind: ChangeKind;
  was: string | undefined;
  is: string | undefined;
}

/** The frames of one kind of change, page by page. */
export function ChangedFrames({ from, to, kind, was, is }: ChangedFramesProps) {
  const frames = useInfiniteQuery(changedFramesQuery({ from: from.id, to: to.id, kind, was, is }));
  const names = useQuery(classNamesQuery).data;
  if (frames.error) return <Failed error={frames.error} retry={() => void frames.refetch()} />;
  if (!frames.data) return <Loading rows={2} height={150} />;
  return (
    <div className={classes.found}>
      <ul className={classes.grid} data-testid="changed-frames">
        {frames.data.pages
          .flatMap(({ items }) => items)
          .map((frame) => (
            <li key={frame.frameId}>
              <Link to="/frames/$frameId" params={{ frameId: frame.frameId }} data-testid="changed-frame">
                <img src={frameImageUrl(frame.frameId, 256)} alt="" loading="lazy" decoding="async" />
                <span>{wordsOf(frame, kind, names)}</span>
                <small>{frame.deviceName}</small>
              </Link>
            </li>
          ))}
      </ul>
      {frames.hasNextPage ? (
        <Button
          variant="default"
          loading={frames.isFetchingNextPage}
          onClick={() => void frames.fetchNextPage()}
          data-testid="more-frames"
        >
          {t('Show more')}
        </Button>
      ) : null}
    </div>
  );
}

function wordsOf(
  { from, to }: ChangedFrame,
  kind: ChangeKind,
  names: ReadonlyMap<string, string> | undefined,
): string {
  const name = (side: ChangedFrame['from']) => (side ? (names?.get(side.classId) ?? side.classId) : '');
  const splitWords = { train: t('Train'), test: t('Test') };
  if (kind === 'came' || kind === 'went') return name(to ?? from);
  if (kind === 'moved' && from && to)
    return `${name(to)}: ${splitWords[from.split]} → ${splitWords[to.split]}`;
  return kind === 'relabelled' ? `${name(from)} → ${name(to)}` : name(to);
}
