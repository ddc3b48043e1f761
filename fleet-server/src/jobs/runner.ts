import { LinesideError, toLinesideError } from '@lineside/shared';
import type { FastifyBaseLogger } from 'fastify';
import type { Db } from '../db/database.js';
import * as queue from './queue.js';

/** Thrown by a handler whose work may succeed another time: its worker died, a file was not there yet. */
export class TryAgain extends Error {}

export interface JobHandler {
  /**
   * Does the work. `signal` aborts when the job was cancelled, was taken over, or the runner stops. What it throws
   * fails the job, except {@link TryAgain}.
   */
  run(job: queue.ClaimedJob, signal: AbortSignal): Promise<void>;
  /** The job failed for good. */
  failed(job: queue.ClaimedJob, error: LinesideError): Promise<void>;
}

export interface JobRunner {
  start(): Promise<void>;
  /** Stops the work under way and puts it back, so that the next start goes on with it at once. */
  stop(): Promise<void>;
  /** Looks for work now and not at the next poll. */
  kick(): void;
  /** Checks now whether the work under way was cancelled. */
  check(): void;
}

/** Does one job at a time. A job survives the death of its worker, of this process, and of this machine. */
export function createJobRunner(options: {
  db: Db;
  log: FastifyBaseLogger;
  now: () => number;
  handlers: Readonly<Record<string, JobHandler>>;
  pollMs?: number;
  heartbeatMs?: number;
}): JobRunner {
  const { db, log, now, handlers, pollMs = 1000, heartbeatMs = queue.leaseMs / 3 } = options;
  let stopping = false;
  let working: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let busy = false;
  /** Asked to look while the end of the queue may have been read already. */
  let again = false;
  let heartbeat: (() => void) | undefined;
  let abort: AbortController | undefined;

  async function perform(job: queue.ClaimedJob): Promise<void> {
    const handler = handlers[job.kind]!;
    const controller = new AbortController();
    abort = controller;
    heartbeat = () => {
      queue.renew(db, job, now()).then(
        (mine) => {
          if (!mine) controller.abort();
        },
        (error: unknown) => log.warn({ err: error, job: job.id }, 'job lease not renewed'),
      );
    };
    const beating = setInterval(heartbeat, heartbeatMs);
    try {
      if (job.attempt > queue.maxAttempts) {
        throw new LinesideError('internal', 'The work ended its process too often.');
      }
      await handler.run(job, controller.signal);
      await queue.finish(db, job, { state: 'done' }, now());
    } catch (error) {
      await settle(job, handler, error);
    } finally {
      clearInterval(beating);
      heartbeat = undefined;
      abort = undefined;
    }
  }

  async function settle(job: queue.ClaimedJob, handler: JobHandler, error: unknown): Promise<void> {
    if (stopping) return queue.giveBack(db, job, false);
    if (error instanceof TryAgain && job.attempt < queue.maxAttempts) {
      log.warn({ err: error, job: job.id, attempt: job.attempt }, 'job is tried again');
      return queue.giveBack(db, job, true);
    }
    const failure = toLinesideError(error instanceof TryAgain ? (error.cause ?? error) : error);
    if (await queue.finish(db, job, { state: 'failed', error: failure.message }, now())) {
      log.error({ err: error, job: job.id }, 'job failed');
      await handler.failed(job, failure);
    }
  }

  async function drain(): Promise<void> {
    while (!stopping) {
      const job = await queue.claim(db, Object.keys(handlers), now());
      if (!job) return;
      await perform(job);
    }
  }

  function kick(): void {
    again = busy;
    if (busy || stopping) return;
    busy = true;
    clearTimeout(timer);
    working = drain()
      .catch((error: unknown) => log.error({ err: error }, 'the job queue cannot be read'))
      .finally(() => {
        busy = false;
        if (!stopping) timer = setTimeout(kick, again ? 0 : pollMs);
      });
  }

  return {
    async start() {
      kick();
    },
    async stop() {
      stopping = true;
      clearTimeout(timer);
      abort?.abort();
      await working;
    },
    kick,
    check: () => heartbeat?.(),
  };
}
