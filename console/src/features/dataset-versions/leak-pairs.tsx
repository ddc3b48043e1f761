import { Button } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { client, frameImageUrl, unwrap } from '../../api/client.js';
import { classNamesQuery, keys, leakPairsQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { LeakPair } from '../../api/types.js';
import { phrases, t } from '../../i18n/index.js';
import { percent } from '../../ui/format.js';
import { notifyDone, notifyFailed } from '../../ui/notify.js';
import { Failed, Loading } from '../../ui/page.js';
import { Tag } from '../../ui/signal.js';
import classes from './versions.module.css';

const kindWords = phrases({ copy: 'Same picture', group: 'Same group', near: 'Nearly the same' });

/** Each test frame beside the training frame most like it, and what can be done about the two. */
export function LeakPairs({ datasetId, at }: { datasetId: string; at: string }) {
  const pairs = useInfiniteQuery(leakPairsQuery(datasetId, at));
  if (pairs.error) return <Failed error={pairs.error} retry={() => void pairs.refetch()} />;
  if (!pairs.data) return <Loading rows={1} height={180} />;
  return (
    <div className={classes.found}>
      <ul className={classes.pairs} data-testid="leak-pairs">
        {pairs.data.pages
          .flatMap(({ items }) => items)
          .map((pair) => (
            <Pair key={pair.rank} pair={pair} />
          ))}
      </ul>
      {pairs.hasNextPage ? (
        <Button
          variant="default"
          loading={pairs.isFetchingNextPage}
          onClick={() => void pairs.fetchNextPage()}
        >
          {t('Show more')}
        </Button>
      ) : null}
    </div>
  );
}

function Pair({ pair }: { pair: LeakPair }) {
  const operator = useMay('operator');
  const engineer = useMay('engineer');
  const queryClient = useQueryClient();
  const frameIds = [pair.test.frameId, pair.train.frameId];
  const queue = useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/explorer/queue', { body: { frameIds } })),
    onSuccess: () => notifyDone(t('Both frames are at the front of the queue.')),
    onError: (error) => notifyFailed(t('That did not work'), error),
  });
  const link = useMutation({
    mutationFn: async () => {
      if (pair.linked) await unwrap(client.POST('/api/v1/group-links/removal', { body: { frameIds } }));
      else await unwrap(client.POST('/api/v1/group-links', { body: { frameIds } }));
    },
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.datasets }),
    onError: (error) => notifyFailed(t('That did not work'), error),
  });
  return (
    <li className={classes.leak} data-testid="leak-pair">
      <div className={classes.leakPictures}>
        <Side frame={pair.test} words={t('Test')} />
        <Side frame={pair.train} words={t('Train')} />
      </div>
      <footer>
        <Tag tone={pair.kind === 'near' ? 'warn' : 'bad'}>
          {t(kindWords[pair.kind])}
          {pair.kind === 'near' && pair.similarity !== null ? ` ${percent(pair.similarity, 1)}` : ''}
        </Tag>
        {operator ? (
          <Button
            size="compact-md"
            variant="default"
            loading={queue.isPending}
            onClick={() => queue.mutate()}
          >
            {t('Send to queue')}
          </Button>
        ) : null}
        {engineer && pair.kind === 'near' ? (
          <Button
            size="compact-md"
            variant={pair.linked ? 'light' : 'default'}
            loading={link.isPending}
            onClick={() => link.mutate()}
            aria-pressed={pair.linked}
            data-testid="link-pair"
          >
            {pair.linked ? t('In one group') : t('Put in one group')}
          </Button>
        ) : null}
      </footer>
    </li>
  );
}

function Side({ frame, words }: { frame: LeakPair['test']; words: string }) {
  const names = useQuery(classNamesQuery).data;
  return (
    <Link to="/frames/$frameId" params={{ frameId: frame.frameId }}>
      <img src={frameImageUrl(frame.frameId, 256)} alt="" loading="lazy" decoding="async" />
      <span>
        {words}: {names?.get(frame.classId) ?? frame.classId}
      </span>
      <small>{frame.deviceName}</small>
    </Link>
  );
}
