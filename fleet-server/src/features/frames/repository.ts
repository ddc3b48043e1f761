import { and, count, desc, eq, inArray, type SQL, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { devices, frames, labels, quarantine } from '../../db/schema.js';
import { toLabelRevision } from './label-revisions.js';
import type { Frame, LabelRevision } from './schemas.js';

// Everything but the embedding, which is large and of no use to a reader.
const columns = {
  id: frames.id,
  deviceId: frames.deviceId,
  deviceName: devices.name,
  cameraId: frames.cameraId,
  capturedAt: frames.capturedAt,
  receivedAt: frames.receivedAt,
  clockSuspect: frames.clockSuspect,
  width: frames.width,
  height: frames.height,
  imageType: frames.imageType,
  imageSha256: frames.imageSha256,
  bytes: frames.bytes,
  reasons: frames.reasons,
  decision: frames.decision,
  groupKey: frames.groupKey,
  source: frames.source,
  metadata: frames.metadata,
  importId: frames.importId,
  agreement: frames.agreement,
  // Database time has microseconds and a Date has not: the cursor keeps the exact text.
  receivedAtText: sql<string>`${frames.receivedAt}::text`,
  label: {
    revision: labels.revision,
    kind: labels.kind,
    classId: labels.classId,
    author: labels.author,
    source: labels.source,
    durationMs: labels.durationMs,
    why: labels.why,
    at: labels.at,
  },
};

const select = (db: DbOrTransaction) =>
  db
    .select(columns)
    .from(frames)
    .leftJoin(devices, eq(devices.id, frames.deviceId))
    .leftJoin(labels, and(eq(labels.frameId, frames.id), eq(labels.revision, frames.labelRevision)));
type Row = Awaited<ReturnType<typeof select>>[number];

const toFrame = (row: Row): Frame => ({
  id: row.id,
  deviceId: row.deviceId,
  deviceName: row.deviceName ?? (row.importId === null ? row.deviceId : 'Import'),
  cameraId: row.cameraId,
  capturedAt: row.capturedAt.toISOString(),
  receivedAt: row.receivedAt.toISOString(),
  clockSuspect: row.clockSuspect,
  width: row.width,
  height: row.height,
  imageType: row.imageType,
  imageSha256: row.imageSha256,
  bytes: row.bytes,
  reasons: row.reasons,
  decision: row.decision,
  group: row.groupKey,
  source: row.source,
  metadata: row.metadata,
  label: row.label && row.label.kind !== 'retracted' ? toLabelRevision(row.label) : null,
  agreement: row.agreement,
});

export interface FrameFilter {
  deviceId?: string | undefined;
  classId?: string | undefined;
  /** Whether the current label is a class. */
  labelled?: boolean | undefined;
  /** Kind of a flag reason. */
  reason?: string | undefined;
}

/** Newest first. `cursor` is the `nextCursor` of the page before. */
export async function listFrames(
  db: DbOrTransaction,
  filter: FrameFilter,
  page: { limit: number; after: { receivedAt: string; id: string } | null },
): Promise<{ items: Frame[]; next: { receivedAt: string; id: string } | null }> {
  const where: (SQL | undefined)[] = [
    filter.deviceId === undefined ? undefined : eq(frames.deviceId, filter.deviceId),
    filter.classId === undefined ? undefined : eq(frames.labelClassId, filter.classId),
    filter.labelled === undefined
      ? undefined
      : sql`${frames.labelKind} is ${filter.labelled ? sql`not distinct` : sql`distinct`} from 'class'`,
    filter.reason === undefined
      ? undefined
      : sql`${frames.reasons} @> ${JSON.stringify([{ kind: filter.reason }])}::jsonb`,
    page.after
      ? sql`(${frames.receivedAt}, ${frames.id}) < (${page.after.receivedAt}::timestamptz, ${page.after.id})`
      : undefined,
  ];
  const rows = await select(db)
    .where(and(...where))
    .orderBy(desc(frames.receivedAt), desc(frames.id))
    .limit(page.limit + 1);
  const last = rows.length > page.limit ? rows[page.limit - 1] : undefined;
  return {
    items: rows.slice(0, page.limit).map(toFrame),
    next: last ? { receivedAt: last.receivedAtText, id: last.id } : null,
  };
}

/** In the order of the ids; frames that do not exist are left out. */
export async function framesById(db: DbOrTransaction, ids: readonly string[]): Promise<Frame[]> {
  if (ids.length === 0) return [];
  const rows = await select(db).where(inArray(frames.id, [...ids]));
  const byId = new Map(rows.map((row) => [row.id, toFrame(row)]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

export async function labelHistory(db: DbOrTransaction, frameId: string): Promise<LabelRevision[]> {
  const rows = await db.select().from(labels).where(eq(labels.frameId, frameId)).orderBy(labels.revision);
  return rows.map(toLabelRevision);
}

export async function countFrames(db: DbOrTransaction) {
  const rows = await db
    .select({
      deviceId: frames.deviceId,
      total: count(),
      labelled: sql<number>`count(*) filter (where ${frames.labelKind} = 'class')`.mapWith(Number),
    })
    .from(frames)
    .groupBy(frames.deviceId);
  const [aside] = await db.select({ total: count() }).from(quarantine);
  return {
    total: rows.reduce((sum, row) => sum + row.total, 0),
    labelled: rows.reduce((sum, row) => sum + row.labelled, 0),
    byDevice: Object.fromEntries(rows.map((row) => [row.deviceId, row.total])),
    quarantined: aside?.total ?? 0,
  };
}

export async function imageOf(
  db: DbOrTransaction,
  frameId: string,
): Promise<{ sha256: string; type: string } | undefined> {
  const [row] = await db
    .select({ sha256: frames.imageSha256, type: frames.imageType })
    .from(frames)
    .where(eq(frames.id, frameId));
  return row;
}
