import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { disputesQuery, keys } from '../../api/queries.js';
import type { Dispute } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { notifyFailed } from '../../ui/notify.js';

export type Decision = { kind: 'class'; classId: string } | { kind: 'unsure' };

/** What is on screen moves at once; decisions are sent behind it, one after the other. */
let sending: Promise<unknown> = Promise.resolve();
const inOrder = (work: () => Promise<unknown>): Promise<unknown> => {
  sending = sending.then(work, work);
  return sending;
};

/** Disputed frames one after the other, and what is decided on them. */
export function useDisputes() {
  const queryClient = useQueryClient();
  const query = useQuery(disputesQuery);
  const [decided, setDecided] = useState<ReadonlySet<string>>(new Set());
  const [passed, setPassed] = useState<readonly string[]>([]);
  const [first, setFirst] = useState<string | null>(null);
  /** Decided last, while its class can be marked as certain. */
  const [certain, setCertain] = useState<string | null>(null);

  const open = (query.data?.items ?? []).filter(({ frame }) => !decided.has(frame.id));
  const rank = ({ frame: { id } }: Dispute) => (id === first ? -1 : passed.indexOf(id) + 1);
  const items = open.toSorted((a, b) => rank(a) - rank(b));
  const current = items[0];
  const reopen = (frameId: string) =>
    setDecided((before) => new Set([...before].filter((id) => id !== frameId)));
  const refresh = () => {
    for (const queryKey of [keys.disputes, keys.stats, keys.quality]) {
      void queryClient.invalidateQueries({ queryKey });
    }
  };

  function decide(answer: Decision, durationMs: number): void {
    if (!current) return;
    const frameId = current.frame.id;
    const body = { requestId: crypto.randomUUID(), frameId, answer, durationMs: Math.round(durationMs) };
    setDecided((before) => new Set([...before, frameId]));
    setFirst(null);
    setCertain(answer.kind === 'class' ? frameId : null);
    void inOrder(() => unwrap(client.POST('/api/v1/adjudication/decisions', { body })))
      .catch((error: unknown) => {
        reopen(frameId);
        setCertain((last) => (last === frameId ? null : last));
        notifyFailed(t('Not decided'), error);
      })
      .finally(refresh);
  }

  /** The label of the frame that was decided last is beyond doubt: from now on it measures people. */
  function markKnown(): void {
    if (!certain) return;
    const body = { frameIds: [certain] };
    setCertain(null);
    void inOrder(async () => {
      const { marked } = await unwrap(client.POST('/api/v1/known-answers', { body }));
      notifications.show({
        message: marked > 0 ? t('It is a known answer now.') : t('It is no known answer: its label changed.'),
      });
    })
      .catch((error: unknown) => notifyFailed(t('Not marked'), error))
      .finally(refresh);
  }

  function undo(): void {
    const body = { requestId: crypto.randomUUID() };
    setCertain(null);
    void inOrder(async () => {
      const { frameId } = await unwrap(client.POST('/api/v1/adjudication/undo', { body }));
      await queryClient.invalidateQueries({ queryKey: keys.disputes });
      setFirst(frameId);
      reopen(frameId);
    })
      .catch((error: unknown) => notifyFailed(t('Nothing was undone'), error))
      .finally(refresh);
  }

  const pass = () => {
    if (!current) return;
    const { id } = current.frame;
    setFirst(null);
    setPassed((before) => [...before.filter((each) => each !== id), id]);
  };
  const left = Math.max(
    items.length,
    (query.data?.total ?? 0) - (query.data?.items.length ?? 0) + items.length,
  );
  return { query, current, next: items[1], left, decide, undo, pass, markKnown: certain ? markKnown : null };
}
