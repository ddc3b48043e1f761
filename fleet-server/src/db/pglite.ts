import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { LinesideError } from '@lineside/shared';
import pg from 'pg';
import { lockFolder } from '../files/folder-lock.js';
import { PgliteStream } from './pglite-stream.js';
import type { PgliteWorkerReply } from './pglite-worker.js';

interface Waiting {
  resolve(reply: Uint8Array): void;
  reject(error: Error): void;
}

/** The worker thread with the database, as a queue of protocol messages with one answer each. */
class PgliteEngine {
  private readonly waiting: Waiting[] = [];
  private dead: Error | null = null;
  private closing: (() => void) | null = null;

  private constructor(private readonly worker: Worker) {
    worker.on('message', (message: PgliteWorkerReply) => {
      if ('closed' in message) this.closing?.();
      else if ('reply' in message) this.waiting.shift()?.resolve(message.reply);
      else if ('failure' in message)
        this.waiting.shift()?.reject(new LinesideError('database_unavailable', message.failure));
    });
    const fail = (error: Error) => {
      this.dead = error;
      for (const waiting of this.waiting.splice(0)) waiting.reject(error);
      this.closing?.();
    };
    worker.on('error', (error) => fail(new LinesideError('database_unavailable', String(error))));
    worker.on('exit', () => fail(new LinesideError('database_unavailable', 'the database has stopped')));
  }

  static async open(folder: string): Promise<PgliteEngine> {
    const worker = new Worker(new URL('./pglite-worker.js', import.meta.url), { workerData: { folder } });
    await new Promise<void>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', (message: PgliteWorkerReply) =>
        'ready' in message
          ? resolve()
          : reject(new LinesideError('database_unavailable', 'failure' in message ? message.failure : '')),
      );
    });
    worker.removeAllListeners('error');
    return new PgliteEngine(worker);
  }

  readonly run = (messages: Uint8Array): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      if (this.dead) return reject(this.dead);
      this.waiting.push({ resolve, reject });
      // Copied by the structured clone: pg writes again into the buffer it handed over.
      this.worker.postMessage(messages);
    });

  async close(): Promise<void> {
    if (this.dead) return;
    await new Promise<void>((resolve) => {
      this.closing = resolve;
      this.worker.postMessage(null);
    });
    await this.worker.terminate();
  }
}

export interface OpenPool {
  pool: pg.Pool;
  close(): Promise<void>;
}

/**
 * PGlite in `<dataDir>/pglite`, behind an ordinary `pg` pool of one connection, so that transactions take turns.
 * @throws LinesideError `storage_locked`, `database_unavailable`
 */
export async function openPglite(dataDir: string): Promise<OpenPool> {
  await mkdir(dataDir, { recursive: true });
  const lock = await lockFolder(join(dataDir, 'pglite.lock'));
  try {
    const engine = await PgliteEngine.open(join(dataDir, 'pglite'));
    const pool = new pg.Pool({
      user: 'postgres',
      database: 'postgres',
      max: 1,
      idleTimeoutMillis: 0,
      // Asking for the one connection while holding it would wait for ever.
      connectionTimeoutMillis: 60_000,
      stream: () => new PgliteStream(engine.run),
    });
    return {
      pool,
      async close() {
        await pool.end();
        await engine.close();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}
