import type { ApiError } from '../../api/errors.js';
import type { Answer, ReviewItem } from '../../api/types.js';
import type { Operation } from './operations.js';

/** The server as the review needs it. */
export interface ReviewPort {
  lease(count: number): Promise<ReviewItem[]>;
  heartbeat(leases: { frameId: string; token: number }[]): Promise<string[]>;
  answer(operation: Extract<Operation, { kind: 'answer' }>): Promise<{ secondOpinion: boolean }>;
  undo(requestId: string): Promise<ReviewItem>;
}

export interface ReviewSnapshot {
  phase: 'loading' | 'ready' | 'empty' | 'failed';
  /** The frame on screen first, then the ones that come next. */
  items: readonly ReviewItem[];
  /** Operations the server has not confirmed yet. */
  pending: number;
  /** How far the counts of the server are behind the person because of them. */
  ahead: number;
  /** The last attempt to send failed for want of a connection. */
  offline: boolean;
  error: ApiError | null;
  last: { item: ReviewItem; answer: Answer } | null;
}

export interface ReviewHooks {
  /** The server took an answer or an undo: its counts have changed. */
  onConfirmed(operation: Operation): void;
  /** The server refused for good; nothing was recorded. */
  onRefused(operation: Operation, error: ApiError): void;
  onSecondOpinion(): void;
}

/**
 * The frames at hand after a lease: those known keep their place and take the new token, new ones follow. A frame that
 * was answered is left out unless it comes under a newer token than it was answered under.
 * @param answered frame id → token
 */
export function mergeLeased(
  items: readonly ReviewItem[],
  leased: readonly ReviewItem[],
  answered: ReadonlyMap<string, number>,
): ReviewItem[] {
  const fresh = new Map(leased.map((item) => [item.frame.id, item]));
  const kept = items.map((item) => {
    const renewed = fresh.get(item.frame.id);
    return renewed ? { ...item, token: renewed.token, leaseExpiresAt: renewed.leaseExpiresAt } : item;
  });
  const known = new Set(kept.map((item) => item.frame.id));
  const added = leased.filter(
    ({ frame, token }) =>
      !known.has(frame.id) && token > (answered.get(frame.id) ?? Number.NEGATIVE_INFINITY),
  );
  return [...kept, ...added];
}
