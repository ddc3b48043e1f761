import { and, asc, count, eq, gt, inArray, isNull, sql } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { frameHealth, frames } from '../../db/schema.js';
import { badPictures, type Measured, type PictureFinding } from '../../learning/inspect/bad-pictures.js';
import { runLearningJob } from '../../learning/worker-client.js';
import type { Services } from '../../services.js';
import { anyOf } from '../labelling/lock-frames.js';
import type { PassContext } from './pass.js';

/** Frames that one process measures: what is done is kept when the next one is cancelled. */
const framesAtOnce = 1000;
const rowsPerQuery = 5000;

const unmeasured = (db: Db, after: string) =>
  db
    .select({ id: frames.id, sha256: frames.imageSha256 })
    .from(frames)
    .leftJoin(frameHealth, eq(frameHealth.frameId, frames.id))
    .where(and(gt(frames.id, after), isNull(frameHealth.frameId)))
    .orderBy(asc(frames.id))
    .limit(framesAtOnce);

/**
 * Measures pictures that were never measured, in processes of their own, then judges all of them by what is usual of their
 * cameras. A picture that is not there is measured the next time.
 * @throws LinesideError `training_cancelled`; what was measured stays
 */
export async function checkPictures(services: Services, { signal, onProgress }: PassContext): Promise<void> {
  await measure(services, { signal, onProgress });
  await judgeAll(services.database.db);
}

async function measure(services: Services, { signal, onProgress }: PassContext): Promise<void> {
  const { database, blobs } = services;
  const { db } = database;
  const [all] = await db
    .select({ frames: count() })
    .from(frames)
    .leftJoin(frameHealth, eq(frameHealth.frameId, frames.id))
    .where(isNull(frameHealth.frameId));
  const total = all?.frames ?? 0;
  let begun = 0;
  for (let after = ''; ; ) {
    const some = await unmeasured(db, after);
    const last = some.at(-1);
    if (!last) return;
    after = last.id;
    const paths = new Map<string, string>();
    for (const sha256 of new Set(some.map((frame) => frame.sha256))) {
      const path = await blobs.path(sha256).catch(() => null);
      if (path !== null) paths.set(sha256, path);
    }
    const figures = await runLearningJob<'measure'>(
      { type: 'measure', input: { paths: [...paths.values()] } },
      {
        signal,
        onProgress: ({ done, total: of }) =>
          onProgress({ done: begun + (some.length * done) / Math.max(1, of), total }),
      },
    );
    const bySha256 = new Map([...paths.keys()].map((sha256, at) => [sha256, figures[at] ?? null]));
    const unreadable = { brightness: null, contrast: null, sharpness: null };
    const rows = some
      .filter(({ sha256 }) => bySha256.has(sha256))
      .map(({ id, sha256 }) => ({ frameId: id, ...(bySha256.get(sha256) ?? unreadable) }));
    if (rows.length > 0) await db.insert(frameHealth).values(rows).onConflictDoNothing();
    begun += some.length;
    onProgress({ done: Math.min(begun, total), total });
  }
}

const page = (db: Db, after: string) =>
  db
    .select({
      ...{ id: frameHealth.frameId, was: frameHealth.finding, brightness: frameHealth.brightness },
      ...{ contrast: frameHealth.contrast, sharpness: frameHealth.sharpness },
      camera: sql<string>`${frames.deviceId} || '/' || ${frames.cameraId}`,
    })
    .from(frameHealth)
    .innerJoin(frames, eq(frames.id, frameHealth.frameId))
    .where(gt(frameHealth.frameId, after))
    .orderBy(asc(frameHealth.frameId))
    .limit(rowsPerQuery);

async function judgeAll(db: Db): Promise<void> {
  const ids: string[] = [];
  const before: (PictureFinding | null)[] = [];
  const measured: Measured[] = [];
  for (let after: string | undefined = ''; after !== undefined; ) {
    const rows = await page(db, after);
    for (const { id, camera, was, brightness, contrast, sharpness } of rows) {
      if (brightness === null || contrast === null || sharpness === null) continue;
      ids.push(id);
      before.push(was);
      measured.push({ camera, brightness, contrast, sharpness });
    }
    after = rows.at(-1)?.id;
  }
  const changed = new Map<PictureFinding | null, string[]>();
  for (const [at, finding] of badPictures(measured).entries()) {
    if (finding === before[at]) continue;
    const list = changed.get(finding) ?? [];
    list.push(ids[at]!);
    changed.set(finding, list);
  }
  await db.transaction(async (tx) => {
    for (const [finding, frameIds] of changed) {
      for (let from = 0; from < frameIds.length; from += rowsPerQuery) {
        const some = frameIds.slice(from, from + rowsPerQuery);
        await tx
          .update(frameHealth)
          .set({ finding })
          .where(inArray(frameHealth.frameId, anyOf(some)));
      }
    }
  });
}
