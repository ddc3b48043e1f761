import type { Answer, FrameBox } from '../../api/types.js';

/** Something the person did that the server has not confirmed yet. Operations are sent one by one, in order. */
export type Operation =
  | {
      kind: 'answer';
      requestId: string;
      frameId: string;
      token: number;
      answer: Answer;
      /** All boxes of the frame; absent: as they were. */
      boxes?: readonly FrameBox[];
      durationMs: number;
    }
  | { kind: 'undo'; requestId: string; frameId: string | null; undone: Answer['kind'] | null };

/** What an operation adds to the count of answers: a skipped frame stays in the queue and counts for nothing. */
export function countOf(operation: Operation): number {
  if (operation.kind === 'answer') return operation.answer.kind === 'skip' ? 0 : 1;
  return operation.undone === null || operation.undone === 'skip' ? 0 : -1;
}

/** Where unconfirmed operations survive a reload and a closed tab. */
export interface OperationStore {
  /** Takes over what a page left behind that is gone; from then on it is among those of this one. */
  adopt(own: readonly Operation[]): Promise<Operation[]>;
  save(operations: readonly Operation[]): void;
  /** Ids of frames whose answers wait in other pages. */
  elsewhere(): Set<string>;
}

/**
 * Each page writes under a key of its own and holds a lock of that name for as long as it lives: tabs of one person
 * never write over one another, and what a page left behind goes to the one tab that gets its lock.
 */
export function storedOperations(
  storage: Storage,
  locks: Pick<LockManager, 'request'>,
  userId: string,
  pageId: string,
): OperationStore {
  const prefix = `lineside.review.${userId}`;
  const key = `${prefix}.${pageId}`;
  const held = new Promise<void>((resolve) => {
    void locks.request(key, () => {
      resolve();
      return new Promise(() => {});
    });
  });
  const others = () => Object.keys(storage).filter((name) => name.startsWith(prefix) && name !== key);
  const save = (operations: readonly Operation[]) => {
    if (operations.length === 0) storage.removeItem(key);
    else storage.setItem(key, JSON.stringify(operations));
  };
  return {
    save,
    elsewhere() {
      const waiting = others().flatMap((other) => read(storage, other));
      return new Set(waiting.flatMap((each) => (each.kind === 'answer' ? [each.frameId] : [])));
    },
    async adopt(own) {
      await held;
      const adopted: Operation[] = [];
      for (const other of others()) {
        await locks.request(other, { ifAvailable: true }, (lock) => {
          if (!lock) return;
          adopted.push(...read(storage, other));
          save([...own, ...adopted]);
          storage.removeItem(other);
        });
      }
      return adopted;
    },
  };
}

function read(storage: Storage, key: string): Operation[] {
  try {
    return JSON.parse(storage.getItem(key) ?? '[]') as Operation[];
  } catch {
    return [];
  }
}
