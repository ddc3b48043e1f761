import { sql } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { type FrameRow, toReviewItem } from './frame-row.js';

/**
 * Stores the frames that are not stored yet, puts them in the review queue and notes each device's newest: one
 * statement, so one transaction and one round trip. The rows travel as one JSON text, because binding a parameter for
 * every column of every row costs more than the insert itself.
 * @returns ids of the frames that were new
 */
export async function insertFrames(db: Db, rows: readonly FrameRow[]): Promise<Set<string>> {
  const { rows: inserted } = await db.execute<{ id: string }>(sql`
    with given as materialized (
      select * from jsonb_to_recordset(${JSON.stringify(rows.map(toRecord))}::jsonb) as g(
        id text, device text, camera text, sequence bigint, captured timestamptz, received timestamptz,
        suspect boolean, width int, height int, type text, sha256 text, bytes int, reasons jsonb, decision jsonb,
        space text, embedding text, "group" text, source text, metadata jsonb, priority float8, why text)
    ), fresh as (
      insert into frames (id, device_id, camera_id, sequence, captured_at, received_at, clock_suspect, width, height,
        image_type, image_sha256, bytes, reasons, decision, embedding_space, embedding, group_key, source, metadata)
      select id, device, camera, sequence, captured, received, suspect, width, height, type, sha256, bytes, reasons,
        decision, space, decode(embedding, 'base64'), "group", source, metadata
      from given
      on conflict do nothing
      returning id, device_id, received_at
    ), queued as (
      insert into review_items (frame_id, priority, reason, enqueued_at)
      select distinct on (fresh.id) fresh.id, given.priority, given.why, fresh.received_at
      from fresh join given using (id)
      on conflict do nothing
    ), noted as (
      update devices set last_frame_id = newest.id, last_frame_at = newest.received_at
      from (
        select distinct on (device_id) device_id, id, received_at
        from fresh order by device_id, received_at desc, id desc
      ) as newest
      where devices.id = newest.device_id
    )
    select id from fresh`);
  return new Set(inserted.map(({ id }) => id));
}

function toRecord(row: FrameRow): Record<string, unknown> {
  const { priority, reason } = toReviewItem(row);
  const { embedding } = row;
  return {
    id: row.id,
    device: row.deviceId,
    camera: row.cameraId,
    sequence: row.sequence,
    captured: row.capturedAt,
    received: row.receivedAt,
    suspect: row.clockSuspect,
    width: row.width,
    height: row.height,
    type: row.imageType,
    sha256: row.imageSha256,
    bytes: row.bytes,
    reasons: row.reasons,
    decision: row.decision,
    space: row.embeddingSpace,
    embedding:
      embedding && Buffer.from(embedding.buffer, embedding.byteOffset, embedding.length).toString('base64'),
    group: row.groupKey,
    source: row.source,
    metadata: row.metadata,
    priority,
    why: reason,
  };
}
