import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LinesideError, type PolicyConfig, toLinesideError } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import { writeFileDurably } from '../../durable-file.js';
import type { Random } from '../random.js';
import { elapsedMs, type Moment, momentNow } from './boot-clock.js';
import { Budget, type BudgetState, type Request } from './budget.js';
import { dayMs, hourMs, isUnlimited } from './limits.js';
import { type Amount, type Purse, type Slot, Spending, slotMs } from './spending.js';

type Settings = PolicyConfig['budget'];

const strict = { additionalProperties: false } as const;
const Count = Type.Number({ minimum: 0 });
const StoredAmount = Type.Object({ frames: Count, bytes: Count }, strict);
const StoredSlots = Type.Array(
  Type.Object({ index: Count, audit: StoredAmount, other: StoredAmount }, strict),
  {
    maxItems: 200,
  },
);
const BudgetFile = Type.Object(
  {
    v: Type.Literal(1),
    moment: Type.Object({ bootId: Type.String(), uptimeMs: Count, wallMs: Type.Number() }, strict),
    nowMs: Count,
    hour: StoredSlots,
    day: StoredSlots,
  },
  strict,
);
type BudgetFile = Static<typeof BudgetFile>;

export interface BudgetPorts {
  readonly stateDir: string;
  readonly random: Random;
  readonly onError: (error: LinesideError) => void;
  readonly monotonicMs: () => number;
  readonly moment?: () => Moment;
}

/** Of each limit, so much is written down as spent before it is: one write then serves for many frames. */
const aheadShare = 0.05;
const unlimitedAhead: Amount = { frames: 100, bytes: 20_000_000 };

/**
 * The budget across restarts. What is spent is on the disk before the frame is in the spool, and a sudden end forgets
 * nothing: at worst a twentieth of a limit counts as spent that was not. Time inside a run is the monotonic clock's, so a
 * wall clock that is put right changes nothing.
 */
export class BudgetKeeper {
  readonly #ports: BudgetPorts;
  readonly #path: string;
  readonly #budget: Budget;
  readonly #offsetMs: number;
  /** Written as spent and still to be had, in this slot of time only. */
  #ahead: Record<Purse, Amount> & { slot: number } = { audit: none, other: none, slot: -1 };
  #saving: Promise<void> = Promise.resolve();
  #dirty = false;

  private constructor(ports: BudgetPorts, path: string, state: BudgetState) {
    this.#ports = ports;
    this.#path = path;
    this.#budget = new Budget(ports.random, state);
    this.#offsetMs = state.nowMs - ports.monotonicMs();
  }

  /** Never fails: without what was noted it begins anew, and says why. */
  static async open(ports: BudgetPorts): Promise<BudgetKeeper> {
    const path = join(ports.stateDir, 'budget.json');
    let state: BudgetState = { nowMs: 0, hour: [], day: [] };
    try {
      const file: unknown = JSON.parse(await readFile(path, 'utf8'));
      if (!Value.Check(BudgetFile, file)) throw new LinesideError('blob_corrupt', 'it is not a budget');
      const { nowMs, hour, day, moment } = file;
      state = { nowMs: nowMs + elapsedMs(moment, (ports.moment ?? momentNow)()), hour, day };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        const message = `${path}: ${(error as Error).message}; the budget begins anew`;
        ports.onError(new LinesideError('blob_corrupt', message, { cause: error }));
      }
    }
    return new BudgetKeeper(ports, path, state);
  }

  /** @see Budget.admits */
  admits(request: Request, settings: Settings): boolean {
    return this.#budget.admits(request, settings, this.#nowMs());
  }

  /** Pays for a frame, durably. @returns false when it does not fit */
  async spend(purse: Purse, bytes: number, settings: Settings): Promise<boolean> {
    const nowMs = this.#nowMs();
    if (!this.#budget.spend(purse, bytes, settings, nowMs)) return false;
    if (isUnlimited(settings)) return true;
    this.#dirty = true;
    const slot = Math.floor(nowMs / slotMs.hour);
    const ahead = this.#ahead[purse];
    if (this.#ahead.slot === slot && ahead.frames >= 1 && ahead.bytes >= bytes) {
      this.#ahead[purse] = { frames: ahead.frames - 1, bytes: ahead.bytes - bytes };
    } else {
      const chunk = chunkOf(settings, bytes);
      this.#ahead = this.#ahead.slot === slot ? { ...this.#ahead } : { audit: none, other: none, slot };
      this.#ahead[purse] = chunk;
      this.#save();
    }
    await this.#saving;
    return true;
  }

  /** Writes down what really was spent. */
  async close(): Promise<void> {
    if (this.#dirty) {
      this.#ahead = { audit: none, other: none, slot: -1 };
      this.#save();
    }
    await this.#saving;
  }

  #nowMs(): number {
    return this.#ports.monotonicMs() + this.#offsetMs;
  }

  #save(): void {
    const text = JSON.stringify(this.#file());
    this.#saving = this.#saving.then(async () => {
      try {
        await writeFileDurably(this.#path, text);
      } catch (error) {
        // A disk that takes no notes takes no frames either; the limits hold from memory meanwhile.
        this.#ports.onError(toLinesideError(error, 'storage_failed'));
      }
    });
  }

  #file(): BudgetFile {
    const nowMs = this.#nowMs();
    const { hour, day } = this.#budget.state(nowMs);
    const withAhead = (slots: readonly Slot[], periodMs: number, width: number): Slot[] => {
      const spending = new Spending(periodMs, width, slots);
      for (const purse of ['audit', 'other'] as const) spending.add(purse, this.#ahead[purse], nowMs);
      return [...spending.slots];
    };
    return {
      v: 1,
      moment: (this.#ports.moment ?? momentNow)(),
      nowMs,
      hour: withAhead(hour, hourMs, slotMs.hour),
      day: withAhead(day, dayMs, slotMs.day),
    };
  }
}

const none: Amount = { frames: 0, bytes: 0 };

function chunkOf(
  { framesPerHour, framesPerDay, bytesPerHour, bytesPerDay }: Settings,
  bytes: number,
): Amount {
  const share = (limits: (number | undefined)[], unlimited: number): number =>
    Math.min(...limits.map((limit) => (limit === undefined ? unlimited : Math.floor(aheadShare * limit))));
  return {
    frames: share([framesPerHour, framesPerDay], unlimitedAhead.frames),
    bytes: Math.max(bytes, share([bytesPerHour, bytesPerDay], unlimitedAhead.bytes)),
  };
}
