import { LinesideError } from '@lineside/shared';
import type { CaptureClock, CapturedFrame } from '../source.js';
import { ModbusEdge, type ModbusInput } from './modbus-edge.js';
import type { Trigger } from './trigger.js';

/** A part has moved on by then: a frame that comes later would show another one. */
export const triggerPatienceMs = 1000;

export interface ExternalTriggerOptions {
  readonly clock: CaptureClock;
  readonly onError: (error: LinesideError) => void;
  /** An input of a controller that fires it. */
  readonly modbus?: ModbusInput | undefined;
  readonly patienceMs?: number;
}

/**
 * Takes the first frame captured after it was fired. Firing again before that frame adds none. If none comes within
 * the patience, the request is given up and told, because a late frame would show the wrong part.
 */
export class ExternalTrigger implements Trigger {
  readonly #options: ExternalTriggerOptions;
  readonly #edge: ModbusEdge | null;
  #firedMs: number | null = null;
  #patience: NodeJS.Timeout | null = null;

  constructor(options: ExternalTriggerOptions) {
    this.#options = options;
    const { modbus, onError } = options;
    this.#edge = modbus ? new ModbusEdge(modbus, { onEdge: () => this.fire(), onError }) : null;
  }

  readonly fire = (): void => {
    const { clock, patienceMs = triggerPatienceMs } = this.#options;
    this.#firedMs ??= clock.monotonicMs();
    this.#patience ??= setTimeout(() => this.#giveUp(patienceMs), patienceMs);
  };

  takes(frame: CapturedFrame): boolean {
    if (this.#firedMs === null || frame.capturedAtMonotonicMs < this.#firedMs) return false;
    this.#clear();
    return true;
  }

  async start(): Promise<void> {
    this.#edge?.start();
  }

  async stop(): Promise<void> {
    await this.#edge?.stop();
    this.#clear();
  }

  #clear(): void {
    this.#firedMs = null;
    if (this.#patience) clearTimeout(this.#patience);
    this.#patience = null;
  }

  #giveUp(patienceMs: number): void {
    this.#clear();
    this.#options.onError(
      new LinesideError('trigger_failed', `a trigger was given up: no frame within ${patienceMs} ms of it`),
    );
  }
}
