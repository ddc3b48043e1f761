import { rowStride } from './pipeline.js';

export interface RawFrame {
  /** uint8 [height, width, 3], rows without padding. */
  readonly rgb: Buffer;
  /** When its first byte came, in the time that `filled` was given. */
  readonly arrivedMs: number;
  /** Leaves the memory to whoever asks for it, for good. */
  keep(): void;
  /** Nobody works on it any more: once it is not the newest one either, its memory holds another frame. */
  done(): void;
}

/** As much as is ever under way at once: with less, frames would again and again be left to the garbage collector. */
const mostSpare = 4;

/**
 * Cuts a byte stream into frames of one exact size and takes the padding off their rows. The pipe has no framing:
 * position in the stream is all there is, so a new stream needs a new framer and a partial frame dies with the old.
 *
 * A frame's memory is used again, because new memory of that size has to be cleared by the system page by page, which
 * costs as much as to receive the frame.
 */
export class Framer {
  readonly #width: number;
  readonly #height: number;
  readonly #spare: Buffer[] = [];
  #padded: Buffer;
  #filled = 0;
  #arrivedMs = 0;
  /** Gives back the memory of the newest frame, if it may. */
  #superseded: () => void = () => {};

  /** @param width pixels @param height pixels */
  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#padded = Buffer.allocUnsafeSlow(rowStride(width) * height);
  }

  /** Where the next bytes of the stream belong: up to the end of the frame. */
  room(): Buffer {
    return this.#padded.subarray(this.#filled);
  }

  /** So many bytes were written to `room`. Returns the frame that they complete. */
  filled(bytes: number, nowMs: number): RawFrame | null {
    if (this.#filled === 0) this.#arrivedMs = nowMs;
    this.#filled += bytes;
    if (this.#filled < this.#padded.length) return null;
    this.#filled = 0;
    this.#superseded();
    return this.#frame(this.#unpadded(), this.#arrivedMs);
  }

  #frame(rgb: Buffer, arrivedMs: number): RawFrame {
    let [kept, done, newest] = [false, false, true];
    const giveBack = (): void => {
      if (done && !newest && !kept && this.#spare.length < mostSpare) this.#spare.push(rgb);
    };
    this.#superseded = () => {
      newest = false;
      giveBack();
    };
    return {
      rgb,
      arrivedMs,
      keep: () => {
        kept = true;
      },
      done: () => {
        done = true;
        giveBack();
      },
    };
  }

  #memory(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#width * 3 * this.#height);
  }

  #unpadded(): Buffer {
    const row = this.#width * 3;
    const stride = rowStride(this.#width);
    if (row === stride) {
      const whole = this.#padded;
      this.#padded = this.#memory();
      return whole;
    }
    const frame = this.#memory();
    for (let y = 0; y < this.#height; y++) {
      this.#padded.copy(frame, y * row, y * stride, y * stride + row);
    }
    return frame;
  }
}
