import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { client, unwrap } from '../../api/client.js';
import { live } from '../../api/live.js';
import { keys, signedOut, statsQuery } from '../../api/queries.js';
import { useMe } from '../../api/session.js';
import { notifyFailed } from '../../ui/notify.js';
import { countOf, storedOperations } from './operations.js';
import { ReviewSession } from './session.js';
import type { ReviewPort, ReviewSnapshot } from './session-state.js';

const sendTimeoutMs = 12_000;

const port: ReviewPort = {
  lease: async (count) => (await unwrap(client.POST('/api/v1/review/leases', { body: { count } }))).items,
  heartbeat: async (leases) =>
    (await unwrap(client.POST('/api/v1/review/heartbeat', { body: { leases } }))).lost,
  answer: ({ requestId, frameId, token, answer, durationMs }) =>
    unwrap(
      client.POST('/api/v1/review/answers', {
        body: { requestId, frameId, token, answer, durationMs },
        signal: AbortSignal.timeout(sendTimeoutMs),
      }),
    ),
  undo: async (requestId) =>
    (
      await unwrap(
        client.POST('/api/v1/review/undo', {
          body: { requestId },
          signal: AbortSignal.timeout(sendTimeoutMs),
        }),
      )
    ).item,
};

let current: { userId: string; session: ReviewSession } | undefined;
signedOut.addEventListener('signed-out', () => {
  current?.session.end();
  current = undefined;
});

/** The session outlives the page, so that answers go on being sent while the person looks at something else. */
function sessionOf(userId: string): ReviewSession {
  if (current?.userId !== userId) {
    current = { userId, session: new ReviewSession(port, storedOperations(localStorage, userId)) };
  }
  return current.session;
}

export function useReview(): { session: ReviewSession; snapshot: ReviewSnapshot } {
  const me = useMe();
  const queryClient = useQueryClient();
  const session = sessionOf(me.id);
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
        notifyFailed(operation.kind === 'undo' ? 'Nothing was undone' : 'An answer was not taken', error),
      onSecondOpinion: () =>
        notifications.show({
          message: 'Someone else had this frame by then; your answer is kept as a second opinion.',
        }),
    });
    const forget = live.listen((event) => {
      // Not on 'queue': taking frames is itself such an event.
      if (event.type === 'frames' || event.type === 'classes') void session.refill();
    });
    return () => {
      forget();
      session.stop();
    };
  }, [session, queryClient]);

  return { session, snapshot };
}
