import { type Region, type Rotation, reframe } from './picture-geometry.js';
import type { CapturedFrame, Source, SourceEvents } from './source.js';

/** Turns and cuts the pictures of another source, so that what is stored and shown is what was decided. */
export class ReframedSource implements Source {
  readonly live: boolean;
  readonly #source: Source;
  readonly #rotation: Rotation;
  readonly #region: Region | undefined;

  constructor(source: Source, rotation: Rotation, region: Region | undefined) {
    this.live = source.live;
    this.#source = source;
    this.#rotation = rotation;
    this.#region = region;
  }

  start(events: SourceEvents): Promise<void> {
    return this.#source.start({
      onFrame: (frame) => events.onFrame(this.#reframed(frame)),
      onEnd: () => events.onEnd(),
      onError: (error) => events.onError(error),
      onState: (state, message) => events.onState(state, message),
    });
  }

  stop(): Promise<void> {
    return this.#source.stop();
  }

  /** The picture as it was stored shows something else, and does not travel along. */
  #reframed({ jpeg: _, ...frame }: CapturedFrame): CapturedFrame {
    return { ...frame, ...reframe(frame.rgb, frame, this.#rotation, this.#region) };
  }
}
