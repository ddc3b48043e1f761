import { join } from 'node:path';
import type { Order } from '@lineside/shared';
import Type from 'typebox';
import type { Clock } from '../clock.js';
import { DurableState } from '../durable-state.js';
import type { Log } from '../log.js';

const StartsSchema = Type.Object({ v: Type.Literal(1), start: Type.Integer({ minimum: 0 }) });

/**
 * Numbers what the device says of itself, so that the fleet server can tell what is old. A start has the time as its
 * number, or one more than the last where the clock went back; a device that cannot store it, or lost it, still goes on
 * from the time.
 */
export class MessageOrder {
  readonly #start: number;
  #sequence = 0;

  constructor(start: number) {
    this.#start = Math.max(1, start);
  }

  /** Counts one more start, in `starts.json` of the state folder. */
  static async open(stateDir: string, clock: Clock, log: Log): Promise<MessageOrder> {
    const file = new DurableState(join(stateDir, 'starts.json'), StartsSchema, { v: 1, start: 0 });
    await file.load(log);
    const start = Math.max(file.value.start + 1, clock.now());
    await file
      .change({ start })
      .catch((error: Error) => log.warn({ error: error.message }, 'the number of this start is not stored'));
    return new MessageOrder(start);
  }

  next(): Order {
    this.#sequence += 1;
    return { start: this.#start, sequence: this.#sequence };
  }
}
