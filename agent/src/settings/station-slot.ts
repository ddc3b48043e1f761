import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type DesiredState, LinesideError, type ReportedState } from '@lineside/shared';
import type { AgentConfig } from '../config.js';
import type { Station } from '../station.js';
import type { CameraVitals } from './trial.js';

export interface StationSlotOptions {
  readonly make: (config: AgentConfig) => Station;
  /** Forgets what was counted for cameras and outputs that are no more. */
  readonly onReplaced: (config: AgentConfig) => void;
  readonly counts: (cameraId: string) => Omit<CameraVitals, 'id' | 'state'>;
}

/** A part that hangs is left behind. */
const drainMs = 10_000;
/** … sooner where that is why the station is built anew. */
const rebuildDrainMs = 2500;

/** The place of the station in force, and its exchange for one by other settings. */
export class StationSlot {
  readonly #options: StationSlotOptions;
  #station: Station | null = null;
  #running = false;
  #closed = false;
  #changes = 0;
  #change: Promise<void> = Promise.resolve();
  #policy: NonNullable<DesiredState['policy']> = {};

  constructor(options: StationSlotOptions) {
    this.#options = options;
  }

  /** Null before the first one. */
  get station(): Station | null {
    return this.#station;
  }

  get cameras(): ReportedState['cameras'] {
    return this.#station?.cameras.states ?? [];
  }

  vitals(): CameraVitals[] {
    return this.cameras.map(({ id, state }) => ({ id, state, ...this.#options.counts(id) }));
  }

  /** The policy that a desired state names, over the configured one. */
  setPolicy(policy: NonNullable<DesiredState['policy']>): void {
    this.#policy = policy;
    this.#station?.setPolicy(policy);
  }

  /**
   * Puts a station by this configuration in the place of the one before. One that differs in its policy only goes on
   * without a gap. The old one has stopped before the new one starts, for a camera cannot be opened twice.
   */
  use(config: AgentConfig): Promise<void> {
    return this.#inTurn(() => this.#exchange(config));
  }

  /** Puts a fresh station by the same configuration in the place of the one that runs. */
  rebuild(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#station) await this.#replace(this.#station.config, rebuildDrainMs);
    });
  }

  /** A station is being exchanged: its cameras are silent for a good reason. */
  get changing(): boolean {
    return this.#changes > 0;
  }

  /** No station follows the one that stops. */
  async stop(): Promise<void> {
    this.#closed = true;
    await this.#change;
    await this.#station?.stop();
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    this.#changes += 1;
    const changed = this.#change.then(change).finally(() => {
      this.#changes -= 1;
    });
    this.#change = changed.catch(() => undefined);
    return changed;
  }

  async #exchange(config: AgentConfig): Promise<void> {
    const old = this.#station;
    if (old && this.#running && isSameStation(old.config, config)) {
      old.configure(config);
      return;
    }
    await this.#replace(config, drainMs);
  }

  async #replace(config: AgentConfig, waitMs: number): Promise<void> {
    if (this.#running) {
      this.#running = false;
      const limit = new AbortController();
      const waited = delay(waitMs, undefined, { signal: limit.signal }).catch(() => undefined);
      await Promise.race([this.#station?.stop(), waited]);
      limit.abort();
    }
    if (this.#closed) throw new LinesideError('unavailable', 'the agent stops');
    this.#options.onReplaced(config);
    const station = this.#options.make(config);
    station.setPolicy(this.#policy);
    this.#station = station;
    this.#running = true;
    await station.start();
  }
}

/** Whether a running station can follow from the one configuration to the other. */
export const isSameStation = (one: AgentConfig, other: AgentConfig): boolean =>
  isDeepStrictEqual(one.cameras, other.cameras) &&
  isDeepStrictEqual(one.outputs, other.outputs) &&
  // The sequence of random numbers begins with the station.
  one.policy.auditSeed === other.policy.auditSeed;
