import type { FlagReason, FrameMessage } from '@lineside/shared';

let counter = 0;

/** A UUIDv7 whose order is the order of the calls. */
export function frameId(): string {
  const time = (0x019000000000 + counter).toString(16).padStart(12, '0');
  const tail = (counter++).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${tail}`;
}

export function makeFrame(
  options: { score?: number; kind?: FlagReason['kind']; bytes?: number; id?: string } = {},
): FrameMessage {
  return {
    v: 1,
    id: options.id ?? frameId(),
    cameraId: 'line-1',
    sequence: counter,
    capturedAt: 1_700_000_000_000 + counter,
    width: 320,
    height: 240,
    imageType: 'image/jpeg',
    image: new Uint8Array(options.bytes ?? 1000).fill(counter % 251),
    reasons: [{ kind: options.kind ?? 'low_confidence', score: options.score ?? 0.5 }],
  };
}

/** Decoders may hand out another kind of byte array than was put in; the bytes are what counts. */
export const plain = (frame: FrameMessage | null): FrameMessage | null =>
  frame && { ...frame, image: new Uint8Array(frame.image) };
