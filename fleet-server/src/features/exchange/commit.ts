import { and, asc, eq, inArray, or, sql } from 'drizzle-orm';
import { retriedTransaction, type Transaction } from '../../db/retried-transaction.js';
import { boxRevisions, frames, importIssues, labels, reviewItems, transfers } from '../../db/schema.js';
import type { Services } from '../../services.js';
import { holdStanding } from '../classes/standing.js';
import { settle } from '../opinions/settle.js';
import { stemOf } from './formats/picture-index.js';
import { type FrameState, newFrame, type Plan, planLine } from './plan-rows.js';
import type { TransferRow } from './repository.js';
import { noCounts } from './schemas.js';
import { cancelled, type Prepared } from './take-in.js';

/**
 * Writes what a batch of lines comes to: frames, labels, boxes, issues, and how far the import is, in one transaction. So a
 * line is done once, whatever happens between.
 * @throws LinesideError `class_unknown` when a class was split meanwhile; `transfer_state` when the import was cancelled, or somebody else goes on with it
 */
export async function commitBatch(
  services: Services,
  transfer: TransferRow,
  classIds: ReadonlyMap<string, string | null>,
  batch: readonly Prepared[],
): Promise<void> {
  const startedAt = new Date(services.now());
  const first = batch[0]!.line;
  const done = first + batch.length;
  const fresh = await retriedTransaction(services.database.db, async (tx) => {
    const [row] = await tx.select().from(transfers).where(eq(transfers.id, transfer.id)).for('update');
    if (row?.state !== 'running' || row.line !== first) throw cancelled();
    const standing = await holdStanding(
      tx,
      [...classIds.values()].flatMap((id) => id ?? []),
    );
    const now = (id: string | null) => (id === null ? null : standing.get(id)!);
    const idsNow = new Map([...classIds].map(([name, id]) => [name, now(id)]));
    const known = await knownFrames(tx, batch);
    const plan: Plan = {
      ...{ frames: [], labels: [], boxes: [], items: new Map(), issues: [], now: startedAt },
      counts: { ...(row.counts ?? noCounts) },
    };
    for (const prepared of batch) {
      const meant = { ...prepared, classId: now(prepared.classId) };
      planLine(plan, known, meant, { transfer: row, classIds: idsNow });
    }
    await write(tx, plan, known);
    await settle(tx, [...new Set(plan.labels.map(({ frameId }) => frameId))], startedAt);
    plan.counts.issues += plan.issues.length;
    const total = row.contents?.lines ?? done;
    await tx
      .update(transfers)
      .set({ line: done, counts: plan.counts, progress: { phase: 'taking', done, total } })
      .where(eq(transfers.id, row.id));
    return plan.frames.length;
  });
  services.live.publish({ type: 'transfer', transferId: transfer.id });
  if (fresh > 0) services.live.publish({ type: 'frames', deviceId: newFrame.deviceId, count: fresh });
  services.live.publish({ type: 'queue' });
}

export interface KnownFrames {
  byId: Map<string, FrameState>;
  /** The frame that a picture is, the oldest first. */
  bySha: Map<string, string[]>;
}

/** The frames here that show the batch's pictures or that it names; locked, as an answer from the queue locks them. */
async function knownFrames(tx: Transaction, batch: readonly Prepared[]): Promise<KnownFrames> {
  const shas = batch.flatMap(({ picture }) => picture?.sha256 ?? []);
  const ids = batch.flatMap(({ picture, name }) => (picture ? [] : stemOf(name)));
  const found = await tx
    .select({ id: frames.id })
    .from(frames)
    .where(or(inArray(frames.imageSha256, shas), inArray(frames.id, ids)));
  const all = found.map(({ id }) => id);
  const byId = new Map<string, FrameState>();
  const bySha = new Map<string, string[]>();
  if (all.length === 0) return { byId, bySha };
  await tx
    .select({ id: reviewItems.frameId })
    .from(reviewItems)
    .where(inArray(reviewItems.frameId, all))
    .orderBy(asc(reviewItems.frameId))
    .for('update');
  const rows = await tx
    .select()
    .from(frames)
    .where(inArray(frames.id, all))
    .orderBy(asc(frames.id))
    .for('update');
  rows.sort((a, b) => a.receivedAt.getTime() - b.receivedAt.getTime());
  const newest = await tx
    .select({ frameId: labels.frameId, revision: sql<number>`max(${labels.revision})`.mapWith(Number) })
    .from(labels)
    .where(inArray(labels.frameId, all))
    .groupBy(labels.frameId);
  const revisions = new Map(newest.map(({ frameId, revision }) => [frameId, revision]));
  const drawn = await tx
    .select({ frameId: boxRevisions.frameId, boxes: boxRevisions.boxes })
    .from(boxRevisions)
    .innerJoin(
      frames,
      and(eq(frames.id, boxRevisions.frameId), eq(frames.boxRevision, boxRevisions.revision)),
    )
    .where(inArray(boxRevisions.frameId, all));
  const boxes = new Map(drawn.map((each) => [each.frameId, each.boxes]));
  for (const { id, width, height, labelKind, labelClassId, boxRevision, imageSha256 } of rows) {
    byId.set(id, {
      ...{ id, width, height, labelKind, labelClassId, boxRevision },
      ...{ labelRevision: revisions.get(id) ?? 0, boxes: boxes.get(id) ?? [] },
    });
    bySha.set(imageSha256, [...(bySha.get(imageSha256) ?? []), id]);
  }
  return { byId, bySha };
}

async function write(tx: Transaction, plan: Plan, { byId }: KnownFrames): Promise<void> {
  if (plan.frames.length > 0) await tx.insert(frames).values(plan.frames);
  if (plan.labels.length > 0) await tx.insert(labels).values(plan.labels);
  if (plan.boxes.length > 0) await tx.insert(boxRevisions).values(plan.boxes);
  if (plan.issues.length > 0) await tx.insert(importIssues).values(plan.issues);
  const standing = plan.labels.filter(({ source }) => source === 'import');
  for (const { frameId, revision, classId } of standing) {
    await tx
      .update(frames)
      .set({ labelRevision: revision, labelKind: 'class', labelClassId: classId ?? null })
      .where(eq(frames.id, frameId));
  }
  for (const frameId of new Set(plan.boxes.map((each) => each.frameId))) {
    const { boxRevision } = byId.get(frameId)!;
    await tx.update(frames).set({ boxRevision }).where(eq(frames.id, frameId));
  }
  const items = [...plan.items.values()];
  if (items.length === 0) return;
  // Whoever has the frame on lease keeps working; that answer becomes a second opinion.
  await tx
    .insert(reviewItems)
    .values(items)
    .onConflictDoUpdate({
      target: reviewItems.frameId,
      set: {
        state: sql`case when excluded.state = 'answered' then 'answered' else ${reviewItems.state} end`,
        leaseUserId: sql`case when excluded.state = 'answered' then null else ${reviewItems.leaseUserId} end`,
        leaseExpiresAt: sql`case when excluded.state = 'answered' then null else ${reviewItems.leaseExpiresAt} end`,
        token: sql`case when excluded.state = 'answered' then ${reviewItems.token} + 1 else ${reviewItems.token} end`,
        givenClassId: sql`coalesce(excluded.given_class_id, ${reviewItems.givenClassId})`,
      },
    });
}
