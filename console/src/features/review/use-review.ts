import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { client, unwrap } from '../../api/client.js';
import { live } from '../../api/live.js';
import { keys, signedOut, statsQuery } from '../../api/queries.js';
import { useMe } from '../../api/session.js';
import { t } from '../../i18n/index.js';
import { notifyFailed } from '../../ui/notify.js';
import { BoxDesk } from '../boxes/desk.js';
import { storedDrafts } from '../boxes/drafts.js';
import { countOf, storedOperations } from './operations.js';
import { ReviewSession } from './session.js';
import type { ReviewPort, ReviewSnapshot } from './session-state.js';

const sendTimeoutMs = 12_000;
/** A request on a dead connection ends too, or nothing would ever be asked again. */
const inTime = () => ({ signal: AbortSignal.timeout(sendTimeoutMs) });

const port: ReviewPort = {
  lease: async (count) =>
    (await unwrap(client.POST('/api/v1/review/leases', { body: { count }, ...inTime() }))).items,
  heartbeat: async (leases) =>
    (await unwrap(client.POST('/api/v1/review/heartbeat', { body: { leases }, ...inTime() }))).lost,
  answer: ({ requestId, frameId, token, answer, boxes, durationMs }) =>
    unwrap(
      client.POST('/api/v1/review/answers', {
        body: { requestId, frameId, token, answer, ...(boxes ? { boxes: [...boxes] } : {}), durationMs },
        ...inTime(),
      }),
    ),
  undo: async (requestId) =>
    (await unwrap(client.POST('/api/v1/review/undo', { body: { requestId }, ...inTime() }))).item,
};

let current: { userId: string; session: ReviewSession; desk: BoxDesk } | undefined;
signedOut.addEventListener('signed-out', () => {
  current?.session.end();
  current = undefined;
});

/** The session outlives the page, so that answers go on being sent while the person looks at something else. */
function sessionOf(userId: string): { session: ReviewSession; desk: BoxDesk } {
  if (current?.userId !== userId) {
    const drafts = storedDrafts(localStorage, userId);
    const operations = storedOperations(localStorage, navigator.locks, userId, crypto.randomUUID());
    const session = new ReviewSession(port, operations, () => crypto.randomUUID(), drafts);
    current = { userId, session, desk: new BoxDesk(drafts) };
  }
  return current;
}

export function useReview(): { session: ReviewSession; snapshot: ReviewSnapshot; desk: BoxDesk } {
  const me = useMe();
  const queryClient = useQueryClient();
  const { session, desk } = sessionOf(me.id);
  const snapshot = useSyncExternalStore(session.watch, session.getSnapshot);

  useEffect(() => {
    session.start({
      onConfirmed: (operation) => {
        const count = countOf(operation);
        // The counts move with the confirmation; asking the server for them takes longer and would make them jump.
        queryClient.setQueryData(
          statsQuery.queryKey,
          (stats) =>
            stats && {
              ...stats,
              queued: Math.max(0, stats.queued - count),
              mineToday: stats.mineToday + count,
              labelsSinceLastTraining: stats.labelsSinceLastTraining + count,
            },
        );
        void queryClient.invalidateQueries({ queryKey: keys.stats });
      },
      onRefused: (operation, error) =>
        notifyFailed(
          operation.kind === 'undo' ? t('Nothing was undone') : t('An answer was not taken'),
          error,
        ),
      onSecondOpinion: () =>
        notifications.show({
          message: t('Someone else had this frame by then; your answer is kept as a second opinion.'),
        }),
    });
    const forget = live.listen((event) => {
      // Not on 'queue': taking frames is itself such an event.
      if (event.type === 'frames' || event.type === 'classes') void session.refill();
    });
    const unwatch = live.watch(() => {
      if (live.getState() === 'open') session.wake();
    });
    return () => {
      forget();
      unwatch();
      session.stop();
    };
  }, [session, queryClient]);

  return { session, snapshot, desk };
}
