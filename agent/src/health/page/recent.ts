import type { FrameMessage } from '@lineside/shared';
import type { DecisionEvent, DecisionSink } from '../../outputs/decision-sink.js';

/** A flagged frame as the page lists it. */
export interface FlaggedFrame {
  readonly id: string;
  readonly cameraId: string;
  /** Unix milliseconds */
  readonly capturedAt: number;
  readonly reasons: readonly string[];
  readonly classId: string | null;
  readonly confidence: number | null;
}

const kept = 24;
/** A thumbnail costs a few milliseconds of a core: however many frames are flagged, so many are made. */
const leastGapMs = 700;
/** So many may be on their way to the disk before one that was just decided. */
const framesUnderWay = 4;
const thumbnailWidth = 240;

/** What the cameras decided last, and the last flagged frames in small. */
export class Recent implements DecisionSink {
  readonly #last = new Map<string, DecisionEvent>();
  readonly #flagged: { readonly frame: FlaggedFrame; readonly thumbnail: Buffer }[] = [];
  readonly #monotonicMs: () => number;
  #madeMs = Number.NEGATIVE_INFINITY;
  /** Frames to be shown whatever came just before: one of them is the one that was asked for. */
  #atOnce = 0;

  constructor(monotonicMs: () => number = () => performance.now()) {
    this.#monotonicMs = monotonicMs;
  }

  emit(event: DecisionEvent): void {
    this.#last.set(event.cameraId, event);
    if (event.reasons.includes('requested')) this.#atOnce = framesUnderWay;
  }

  async close(): Promise<void> {
    this.#last.clear();
    this.#flagged.length = 0;
  }

  last(cameraId: string): DecisionEvent | null {
    return this.#last.get(cameraId) ?? null;
  }

  /** Newest first. */
  get flagged(): FlaggedFrame[] {
    return this.#flagged.map(({ frame }) => frame);
  }

  thumbnail(id: string): Buffer | null {
    return this.#flagged.find(({ frame }) => frame.id === id)?.thumbnail ?? null;
  }

  /** Whether one more flagged frame is to be added; asked before it is read from the disk. */
  wants(): boolean {
    const now = this.#monotonicMs();
    if (this.#atOnce > 0) this.#atOnce -= 1;
    else if (now - this.#madeMs < leastGapMs) return false;
    this.#madeMs = now;
    return true;
  }

  /** A frame that was flagged; its picture is made small from the encoded one, off the main thread. */
  async add(message: FrameMessage): Promise<void> {
    const { id, cameraId, capturedAt, decision } = message;
    const { default: sharp } = await import('sharp');
    const thumbnail = await sharp(message.image)
      .resize({ width: thumbnailWidth, withoutEnlargement: true, kernel: 'linear' })
      .jpeg({ quality: 75 })
      .toBuffer();
    const frame = {
      id,
      cameraId,
      capturedAt,
      reasons: message.reasons.map(({ kind }) => kind),
      classId: decision?.classId ?? null,
      confidence: decision?.confidence ?? null,
    };
    this.#flagged.unshift({ frame, thumbnail });
    this.#flagged.length = Math.min(this.#flagged.length, kept);
  }
}
