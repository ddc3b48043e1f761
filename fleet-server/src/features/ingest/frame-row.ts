import { type FrameMessage as Frame, LinesideError, say } from '@lineside/shared';
import type { frames, reviewItems } from '../../db/schema.js';
import { readImageHeader } from './image-header.js';

const dayMs = 86_400_000;

export type FrameRow = typeof frames.$inferInsert & { id: string; deviceId: string; receivedAt: Date };

/** The row of a valid frame. Size and type are the picture's own, whatever the message says. */
export function toFrameRow(
  deviceId: string,
  frame: Frame,
  imageSha256: string,
  receivedMs: number,
): FrameRow {
  const header = readImageHeader(frame.image);
  return {
    id: frame.id,
    deviceId,
    cameraId: frame.cameraId,
    sequence: frame.sequence,
    capturedAt: new Date(frame.capturedAt),
    receivedAt: new Date(receivedMs),
    clockSuspect: Math.abs(frame.capturedAt - receivedMs) > dayMs,
    width: header.width,
    height: header.height,
    imageType: header.type,
    imageSha256,
    bytes: frame.image.byteLength,
    reasons: frame.reasons,
    decision: frame.decision ?? null,
    embeddingSpace: frame.embedding?.space ?? null,
    embedding: frame.embedding?.vector ?? null,
    groupKey: frame.group ?? null,
    source: frame.source ?? null,
    metadata: frame.metadata ?? {},
  };
}

/** @throws LinesideError `image_unreadable` */
export function checkImage(frame: Frame): void {
  const { type } = readImageHeader(frame.image);
  if (type !== frame.imageType)
    throw new LinesideError('image_unreadable', `${type}, said to be ${frame.imageType}`);
}

/** Every flagged frame waits for a person; the most worthwhile reason says why and how urgently. */
export function toReviewItem(row: FrameRow): typeof reviewItems.$inferInsert {
  const best = row.reasons.reduce((a, b) => (b.score > a.score ? b : a));
  return {
    frameId: row.id,
    priority: best.score,
    reason: [say(`flag_${best.kind}`), best.detail].filter(Boolean).join(': '),
    enqueuedAt: row.receivedAt,
  };
}
