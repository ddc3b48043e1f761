import { LinesideError } from '@lineside/shared';
import type { Statistics } from '../health/statistics.js';
import type { DecisionEvent } from './decision-sink.js';

export interface LedgerOptions {
  /** The output's name in metrics and messages. */
  readonly name: string;
  readonly statistics: Statistics;
  readonly onError: (error: LinesideError) => void;
  readonly monotonicMs: () => number;
}

/** Each kind of failure of an output is told once in this time, with how often it happened. */
const quietMs = 60_000;

/** Counts what became of the decisions handed to one output, and tells of failures without flooding. */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #told = new Map<string, { atMs: number; since: number }>();

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  delivered(event: DecisionEvent): void {
    const { name, statistics, monotonicMs } = this.#options;
    const counts = statistics.output(name);
    counts.delivered += 1;
    counts.latencyMs.add(Math.max(0, monotonicMs() - event.capturedAtMonotonicMs));
    statistics.passed(event.cameraId, 'delivered');
  }

  failed(event: DecisionEvent, cause: string): void {
    const { name, statistics } = this.#options;
    statistics.output(name).failed += 1;
    statistics.failed(event.cameraId, 'delivered', `${name}: ${cause}`);
    this.#tell('decision', `a decision of ${event.cameraId} was not delivered: ${cause}`);
  }

  /** Something is wrong with the target itself. */
  trouble(cause: string): void {
    this.#tell('target', cause);
  }

  #tell(kind: string, text: string): void {
    const nowMs = this.#options.monotonicMs();
    const last = this.#told.get(kind);
    if (last && nowMs - last.atMs < quietMs) {
      last.since += 1;
      return;
    }
    const more = last && last.since > 0 ? ` (and ${last.since} times more since it was last told)` : '';
    this.#told.set(kind, { atMs: nowMs, since: 0 });
    this.#options.onError(new LinesideError('output_failed', `${this.#options.name}: ${text}${more}`));
  }
}
