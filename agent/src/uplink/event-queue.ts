import { readFile } from 'node:fs/promises';
import { EventMessage } from '@lineside/shared';
import { writeFileDurably } from '../durable-file.js';
import { type Log, silentLog } from '../log.js';

export interface EventQueueOptions {
  /** File that outlives the process, JSON lines; absent: memory alone. */
  path?: string;
  limit?: number;
  /** The file is rewritten at most so often: what happened since is lost with the power. */
  saveEveryMs?: number;
  log?: Log;
}

/**
 * Events awaiting the broker's acknowledgement, oldest first and bounded: the oldest merely informative ones go first,
 * then the oldest. While the server takes them at once, nothing is written.
 */
export class EventQueue {
  readonly #path: string | null;
  readonly #limit: number;
  readonly #saveEveryMs: number;
  readonly #log: Log;
  readonly #events: EventMessage[] = [];
  #onAdded: () => void = () => undefined;
  #dropped = 0;
  /** Whether the file holds events. */
  #stored = false;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor({ path, limit = 256, saveEveryMs = 5000, log = silentLog }: EventQueueOptions = {}) {
    this.#path = path ?? null;
    this.#limit = limit;
    this.#saveEveryMs = saveEveryMs;
    this.#log = log;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get first(): EventMessage | undefined {
    return this.#events[0];
  }

  get size(): number {
    return this.#events.length;
  }

  /** Reads what an earlier run could not send; it goes before what was added meanwhile. */
  async open(): Promise<void> {
    if (this.#path === null) return;
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    const earlier = text.split('\n').flatMap(parseLine);
    this.#stored = text !== '';
    this.#events.unshift(...earlier);
    while (this.#events.length > this.#limit) this.#dropOne();
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#save();
  }

  onAdded(listener: () => void): void {
    this.#onAdded = listener;
  }

  add(event: EventMessage): void {
    this.#events.push(event);
    if (this.#events.length > this.#limit) this.#dropOne();
    this.#saveSoon();
    this.#onAdded();
  }

  remove(id: string): void {
    const index = this.#events.findIndex((event) => event.id === id);
    if (index < 0) return;
    this.#events.splice(index, 1);
    this.#saveSoon();
  }

  #dropOne(): void {
    const informative = this.#events.findIndex(({ severity }) => severity === 'info');
    this.#events.splice(Math.max(0, informative), 1);
    this.#dropped++;
  }

  #saveSoon(): void {
    if (this.#path === null || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#save();
    }, this.#saveEveryMs);
    this.#timer.unref();
  }

  #save(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      if (this.#path === null || (this.#events.length === 0 && !this.#stored)) return;
      const lines = this.#events.map((event) => `${JSON.stringify(event)}\n`);
      try {
        await writeFileDurably(this.#path, lines.join(''));
        this.#stored = lines.length > 0;
      } catch (error) {
        this.#log.debug({ error: (error as Error).message }, 'events are not stored');
        this.#saveSoon();
      }
    });
    return this.#saving;
  }
}

/** A damaged line costs one event, not all. */
function parseLine(line: string): EventMessage[] {
  if (line === '') return [];
  try {
    return [EventMessage.parse(JSON.parse(line))];
  } catch {
    return [];
  }
}
