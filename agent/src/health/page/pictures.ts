import type { CapturedFrame } from '../../capture/source.js';

/** How a frame is shown. `whole`: scaled to `width`; `centre`: `width` pixels from its middle, one to one. */
export interface PictureRequest {
  readonly crop: 'whole' | 'centre';
  /** pixels */
  readonly width: number;
}

const leastGapMs = 150;
const quality = { whole: 78, centre: 90 } as const;

interface Kept {
  readonly frame: CapturedFrame;
  readonly madeMs: number;
  readonly jpeg: Promise<Buffer>;
}

/**
 * JPEGs of the newest frames, made when somebody looks: one for all who look, and a few a second at most, whatever
 * they ask for.
 */
export class Pictures {
  readonly #monotonicMs: () => number;
  readonly #kept = new Map<string, Kept>();

  constructor(monotonicMs: () => number = () => performance.now()) {
    this.#monotonicMs = monotonicMs;
  }

  /** @returns the picture and the frame it was made of, which may be a little older than the one given */
  async of(frame: CapturedFrame, request: PictureRequest): Promise<{ jpeg: Buffer; frame: CapturedFrame }> {
    const key = `${frame.cameraId} ${request.crop} ${request.width}`;
    const now = this.#monotonicMs();
    const kept = this.#kept.get(key);
    if (kept && (kept.frame === frame || now - kept.madeMs < leastGapMs)) {
      return { jpeg: await kept.jpeg, frame: kept.frame };
    }
    for (const [other, { madeMs }] of this.#kept) if (now - madeMs > 5000) this.#kept.delete(other);
    const made = { frame, madeMs: now, jpeg: encode(frame, request) };
    this.#kept.set(key, made);
    made.jpeg.catch(() => this.#kept.delete(key));
    return { jpeg: await made.jpeg, frame };
  }
}

/** The encoder is loaded with the first picture: most boxes are never looked at. */
async function encode({ rgb, width, height }: CapturedFrame, { crop, width: wanted }: PictureRequest) {
  const { default: sharp } = await import('sharp');
  const picture = sharp(rgb, { raw: { width, height, channels: 3 } });
  if (crop === 'centre') {
    const [cropWidth, cropHeight] = [Math.min(wanted, width), Math.min(Math.round(wanted * 0.75), height)];
    picture.extract({
      left: (width - cropWidth) >> 1,
      top: (height - cropHeight) >> 1,
      width: cropWidth,
      height: cropHeight,
    });
  } else picture.resize({ width: wanted, withoutEnlargement: true, kernel: 'linear' });
  return picture.jpeg({ quality: quality[crop] }).toBuffer();
}
