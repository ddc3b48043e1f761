import type { Answer } from '../../api/types.js';

/** Something the person did that the server has not confirmed yet. Operations are sent one by one, in order. */
export type Operation =
  | {
      kind: 'answer';
      requestId: string;
      frameId: string;
      token: number;
      answer: Answer;
      durationMs: number;
    }
  | { kind: 'undo'; requestId: string; frameId: string | null; undone: Answer['kind'] | null };

/** What an operation adds to the count of answers: a skipped frame stays in the queue and counts for nothing. */
export function countOf(operation: Operation): number {
  if (operation.kind === 'answer') return operation.answer.kind === 'skip' ? 0 : 1;
  return operation.undone === null || operation.undone === 'skip' ? 0 : -1;
}

/** Where unconfirmed operations survive a reload. */
export interface OperationStore {
  load(): Operation[];
  save(operations: readonly Operation[]): void;
}

export function storedOperations(storage: Storage, userId: string): OperationStore {
  const key = `lineside.review.${userId}`;
  return {
    load() {
      try {
        return JSON.parse(storage.getItem(key) ?? '[]') as Operation[];
      } catch {
        return [];
      }
    },
    save(operations) {
      if (operations.length === 0) storage.removeItem(key);
      else storage.setItem(key, JSON.stringify(operations));
    },
  };
}
