import { setTimeout as delay } from 'node:timers/promises';
import type { SyntheticSourceConfig } from '@lineside/shared';
import { type CaptureClock, captureClock, type Source, type SourceEvents } from '../source.js';
import { drawPart } from './line.js';
import { renderPart } from './render-part.js';

/** A camera that watches a generated line of parts: the same seed shows the same parts in the same order. */
export class SyntheticSource implements Source {
  readonly live = true;
  readonly #cameraId: string;
  readonly #config: SyntheticSourceConfig;
  readonly #clock: CaptureClock;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(cameraId: string, config: SyntheticSourceConfig, clock: CaptureClock = captureClock) {
    this.#cameraId = cameraId;
    this.#config = config;
    this.#clock = clock;
  }

  async start(events: SourceEvents): Promise<void> {
    this.#running = this.#run(events);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(events: SourceEvents): Promise<void> {
    const { count = Number.POSITIVE_INFINITY, framesPerSecond } = this.#config;
    const { signal } = this.#stopping;
    const startedMs = this.#clock.monotonicMs();
    for (let sequence = 0; sequence < count; sequence++) {
      const waitMs = startedMs + (sequence * 1000) / framesPerSecond - this.#clock.monotonicMs();
      await delay(Math.max(0, waitMs), undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      this.#shoot(sequence, events);
    }
    events.onEnd();
  }

  #shoot(sequence: number, events: SourceEvents): void {
    const { seed, variant, defectShare, difficulty, width, height, revealTruth } = this.#config;
    const { partSeed, defect } = drawPart({ seed, sequence, defectShare });
    const part = renderPart({ seed: partSeed, variant, defect, difficulty, width, height });
    events
      .onFrame({
        cameraId: this.#cameraId,
        sequence,
        capturedAt: this.#clock.wallMs(),
        capturedAtMonotonicMs: this.#clock.monotonicMs(),
        width: part.width,
        height: part.height,
        rgb: part.rgb,
        group: `part-${seed}-${sequence}`,
        source: `line-${seed}/part-${sequence}`,
        ...(revealTruth ? { metadata: { truth: part.classId } } : {}),
      })
      .catch(() => {});
  }
}
