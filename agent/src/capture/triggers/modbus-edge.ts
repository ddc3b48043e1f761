import { setTimeout as delay } from 'node:timers/promises';
import { LinesideError, type TriggerConfig } from '@lineside/shared';
import { type BackoffLimits, backoffMs } from '../../uplink/backoff.js';

export type ModbusInput = NonNullable<Extract<TriggerConfig, { kind: 'external' }>['modbus']>;

export interface ModbusEdgeOptions {
  readonly onEdge: () => void;
  /** Told once for each outage. */
  readonly onError: (error: LinesideError) => void;
  readonly backoff?: BackoffLimits;
  readonly timeoutMs?: number;
}

/**
 * Watches one bit of a Modbus TCP device and tells when it rises. After an outage the bit is read afresh: a rise that
 * nobody saw belongs to a part that is gone.
 */
export class ModbusEdge {
  readonly #input: ModbusInput;
  readonly #options: ModbusEdgeOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #giveUp: (reason: Error) => void = () => {};

  constructor(input: ModbusInput, options: ModbusEdgeOptions) {
    this.#input = input;
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#giveUp(new Error('stopped'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { onError, backoff = { minMs: 200, maxMs: 10_000 } } = this.#options;
    const { signal } = this.#stopping;
    const { host, port } = this.#input;
    let attempt = 0;
    while (!signal.aborted) {
      const failure = await this.#session(() => {
        attempt = 0;
      });
      if (signal.aborted) return;
      if (attempt === 0) onError(new LinesideError('trigger_failed', `Modbus ${host}:${port}: ${failure}`));
      await this.#pause(backoffMs(attempt++, backoff));
    }
  }

  /** One connection, until it fails; returns why. */
  async #session(onAnswer: () => void): Promise<string> {
    const { host, port, unitId, table, address, pollMs } = this.#input;
    const { onEdge, timeoutMs = 1000 } = this.#options;
    // Loaded when it is needed: the module brings a serial port library along.
    const { default: Modbus } = (await import('modbus-serial')).default;
    const client = new Modbus();
    // Errors also come as rejections of what is awaited; without a listener this one would end the process.
    client.on('error', () => {});
    const tooLate = setTimeout(() => this.#giveUp(new Error('no connection in time')), timeoutMs);
    try {
      await this.#answer(client.connectTCP(host, { port }));
      clearTimeout(tooLate);
      client.setID(unitId);
      client.setTimeout(timeoutMs);
      let before: boolean | undefined;
      while (!this.#stopping.signal.aborted) {
        const askedMs = performance.now();
        const { data } = await this.#answer(
          table === 'coil' ? client.readCoils(address, 1) : client.readDiscreteInputs(address, 1),
        );
        onAnswer();
        const high = data[0] === true;
        if (high && before === false) onEdge();
        before = high;
        await this.#pause(pollMs - (performance.now() - askedMs));
      }
      return 'stopped';
    } catch (error) {
      return (error as Error).message;
    } finally {
      clearTimeout(tooLate);
      client.destroy(() => {});
    }
  }

  /** What was asked for, or the reason to give up: the client leaves a request unanswered when it is destroyed. */
  #answer<T>(asked: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#giveUp = reject;
      asked.then(resolve, reject);
    });
  }

  async #pause(ms: number): Promise<void> {
    await delay(Math.max(0, ms), undefined, { signal: this.#stopping.signal }).catch(() => {});
  }
}
