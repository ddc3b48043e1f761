import type { Decision, FlagReason, FrameMessage } from '@lineside/shared';
import type { CapturedFrame } from '../capture/source.js';
import type { Inference } from '../inference/model.js';
import { frameId, repeatableFrameId } from './frame-id.js';
import { uploadPicture } from './upload-picture.js';

export interface Flagged {
  readonly frame: CapturedFrame;
  readonly reasons: FlagReason[];
  readonly decision: Decision | null;
  readonly inference: Inference | null;
}

const littleEndian = (vector: Float32Array): Uint8Array => {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return new Uint8Array(bytes);
};

/** Makes the message that waits in the spool and travels to the fleet server. */
export async function flaggedFrame(
  { frame, reasons, decision, inference }: Flagged,
  deviceId: string,
  maxUploadBytes: number,
): Promise<FrameMessage> {
  const picture = await uploadPicture(frame, maxUploadBytes);
  return {
    v: 1,
    id:
      frame.identity === undefined ? frameId(frame.capturedAt) : repeatableFrameId(deviceId, frame.identity),
    cameraId: frame.cameraId,
    sequence: frame.sequence,
    capturedAt: frame.capturedAt,
    width: frame.width,
    height: frame.height,
    ...picture,
    reasons,
    ...(decision ? { decision } : {}),
    ...(inference
      ? {
          embedding: {
            space: inference.model.manifest.embedding.space,
            vector: littleEndian(inference.embedding),
          },
        }
      : {}),
    ...(frame.group === undefined ? {} : { group: frame.group }),
    ...(frame.source === undefined ? {} : { source: frame.source }),
    ...(frame.metadata === undefined ? {} : { metadata: { ...frame.metadata } }),
  };
}
