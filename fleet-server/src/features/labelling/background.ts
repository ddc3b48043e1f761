import type { Services } from '../../services.js';
import { queueOrdererOf } from './queue-order.js';

const checkMs = 1000;
/** A pass is due after this many new frames or answers … */
const enoughChanges = 20;
/** … or after any at all, this long after the last pass. */
const anyChangeMs = 30_000;
const leastPauseMs = 5000;
/** Ordering takes at most about a tenth of one core. */
const pausePerDuration = 10;

/** Keeps the order of the queue fresh while frames, answers and champions come. */
export function createLabellingBackground(services: Services): {
  start(): Promise<void>;
  stop(): Promise<void>;
} {
  const orderer = queueOrdererOf(services);
  let signalled = true;
  let notBeforeMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let unsubscribe = (): void => {};

  async function check(): Promise<void> {
    if (!signalled || performance.now() < notBeforeMs) return;
    signalled = false;
    const record = await orderer.lastOrder();
    const changes = await orderer.changes(record);
    const total = changes.frames + changes.labelled;
    if (total === 0 && !changes.champion) return;
    const ageMs = services.now() - Date.parse(record?.orderedAt ?? new Date(0).toISOString());
    if (!changes.champion && total < enoughChanges && ageMs < anyChangeMs) {
      signalled = true;
      return;
    }
    const startedMs = performance.now();
    try {
      await orderer.order();
    } finally {
      const tookMs = performance.now() - startedMs;
      notBeforeMs = performance.now() + Math.max(leastPauseMs, pausePerDuration * tookMs);
    }
  }

  const next = (): void => {
    running = check()
      .catch((error: unknown) => {
        signalled = true;
        if (!stopped) services.log.error({ err: error }, 'the review queue cannot be ordered');
      })
      .finally(() => {
        if (!stopped) timer = setTimeout(next, checkMs);
      });
  };

  return {
    async start() {
      unsubscribe = services.live.subscribe(({ type }) => {
        if (type === 'queue' || type === 'frames' || type === 'models') signalled = true;
      });
      next();
    },
    async stop() {
      stopped = true;
      unsubscribe();
      clearTimeout(timer);
      await orderer.stop();
      await running;
    },
  };
}
