import { captureClock, type Source, type SourceEvents } from '../../src/capture/source.js';

const [width, height] = [24, 16];

/** A live camera that delivers so many frames, 20 a second, and then nothing, without a word. */
export class SilencedSource implements Source {
  readonly live = true;
  readonly #cameraId: string;
  readonly #frames: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(cameraId: string, frames: number) {
    this.#cameraId = cameraId;
    this.#frames = frames;
  }

  async start(events: SourceEvents): Promise<void> {
    let sequence = 0;
    this.#timer = setInterval(() => {
      if (sequence >= this.#frames) return;
      const frame = {
        cameraId: this.#cameraId,
        sequence: sequence++,
        capturedAt: captureClock.wallMs(),
        capturedAtMonotonicMs: captureClock.monotonicMs(),
        width,
        height,
        rgb: Buffer.alloc(width * height * 3, 255),
      };
      events.onFrame(frame).catch(() => {});
    }, 50);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
  }
}
