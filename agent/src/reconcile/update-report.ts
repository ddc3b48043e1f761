import type { DesiredState, LinesideError, ModelTarget, ReportedState } from '@lineside/shared';
import type { ReconcileState } from './state-file.js';

export type UpdateProgress = ReportedState['update'];

const progressIntervalMs = 500;

/** How the update goes, as the device reports it. */
export class UpdateReport {
  #value: UpdateProgress = { phase: 'idle' };
  #toldAtMs = 0;

  get value(): UpdateProgress {
    return this.#value;
  }

  confirmed({ version, releaseCounter }: ModelTarget): void {
    this.#value = { phase: 'confirmed', version, releaseCounter };
  }

  /** @returns whether bytes came, and whether it is time to tell */
  step(
    phase: UpdateProgress['phase'],
    { version, releaseCounter }: ModelTarget,
    progress?: number,
  ): { grown: boolean; due: boolean } {
    const before = this.#value;
    this.#value = { phase, version, releaseCounter, ...(progress !== undefined && { progress }) };
    const grown = progress !== undefined && progress > (before.progress ?? 1);
    const now = performance.now();
    const running = phase === 'downloading' && before.phase === phase && progress !== 1;
    const due = !running || now - this.#toldAtMs >= progressIntervalMs;
    if (due) this.#toldAtMs = now;
    return { grown, due };
  }

  /** A device that tries again by itself is still on its way there, as far as it had come. */
  retrying(model: ModelTarget, { code, message }: LinesideError): void {
    const { phase, releaseCounter, progress } = this.#value;
    const isSame = phase === 'downloading' && releaseCounter === model.releaseCounter;
    this.#value = {
      phase: 'downloading',
      version: model.version,
      releaseCounter: model.releaseCounter,
      ...(isSame && progress !== undefined && { progress }),
      code,
      message: message.slice(0, 500),
    };
  }

  /** Nothing is left to do: what the outcome is. */
  settle(
    desired: DesiredState | null,
    { failure, confirmed }: Pick<ReconcileState, 'failure' | 'confirmed'>,
    decides: boolean,
  ): void {
    if (desired?.model && failure && failure.revision === desired.revision) {
      const { version, releaseCounter, code, message } = failure;
      this.#value = { phase: 'failed', version, releaseCounter, code, message };
    } else if (confirmed && decides) {
      this.confirmed(confirmed);
    } else {
      this.#value = { phase: 'idle' };
    }
  }
}
