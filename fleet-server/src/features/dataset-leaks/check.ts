import { eq } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { datasetItems, frames } from '../../db/schema.js';
import type { JobHandler } from '../../jobs/runner.js';
import { sketchLength } from '../../learning/leaks/sketch.js';
import { runLearningJob } from '../../learning/worker-client.js';
import type { Services } from '../../services.js';
import { keepLeaks, moveCheck, sharing } from './repository.js';
import type { LeakKind } from './schemas.js';
import { makeSketches, sketchesOf } from './sketches.js';

interface Leak {
  kind: LeakKind;
  test: string;
  train: string;
  similarity: number | null;
}

const progressMs = 500;
/** Share of the work that sketching is, where nothing was sketched before. */
const sketchingShare = 0.7;

/** Looks one version through. Doing it again after any interruption is safe: sketches that were made are kept. */
export function createLeakHandler(services: Services): JobHandler {
  const { db } = services.database;
  const announce = (datasetId: string) => services.live.publish({ type: 'dataset', datasetId });

  return {
    async run(job, signal) {
      const datasetId = String(job.payload.leaksOf);
      const begun = await moveCheck(db, datasetId, ['queued', 'running'], { state: 'running', progress: 0 });
      if (!begun) return;
      announce(datasetId);
      let written = Date.now();
      const report = (progress: number): void => {
        if (Date.now() - written < progressMs) return;
        written = Date.now();
        moveCheck(db, datasetId, ['running'], { progress }).then(
          () => announce(datasetId),
          (error: unknown) => services.log.warn({ err: error }, 'progress of a leak check not kept'),
        );
      };
      const { leaks, compared } = await look(services, datasetId, signal, report);
      const of = (kind: LeakKind) => leaks.filter((leak) => leak.kind === kind).length;
      await db.transaction(async (tx) => {
        const ended = await moveCheck(tx, datasetId, ['running'], {
          ...{ state: 'done', progress: null, finishedAt: new Date(services.now()), compared },
          found: { copy: of('copy'), group: of('group'), near: of('near') },
        });
        if (ended) await keepLeaks(tx, datasetId, leaks);
      });
      announce(datasetId);
    },
    async failed(job, error) {
      const datasetId = String(job.payload.leaksOf);
      await moveCheck(db, datasetId, ['queued', 'running'], {
        ...{ state: 'failed', progress: null, finishedAt: new Date(services.now()) },
        errorMessage: error.message,
      });
      announce(datasetId);
    },
  };
}

/** Each test frame once, by the plainest thing that is on both sides. */
async function look(
  services: Services,
  datasetId: string,
  signal: AbortSignal,
  report: (progress: number) => void,
): Promise<{ leaks: Leak[]; compared: number }> {
  const { db } = services.database;
  const known = new Set<string>();
  const leaks: Leak[] = [];
  const add = (kind: LeakKind, found: readonly Omit<Leak, 'kind'>[]) => {
    for (const each of found) {
      if (known.has(each.test)) continue;
      known.add(each.test);
      leaks.push({ kind, ...each });
    }
  };
  add(
    'copy',
    (await sharing(db, datasetId, 'copy')).map((pair) => ({ ...pair, similarity: 1 })),
  );
  add(
    'group',
    (await sharing(db, datasetId, 'group')).map((pair) => ({ ...pair, similarity: null })),
  );
  const pictures = await picturesOf(db, datasetId);
  const sides = new Set(pictures.map(({ split }) => split));
  if (sides.size < 2) return { leaks, compared: 0 };
  const sha256s = pictures.map(({ sha256 }) => sha256);
  await makeSketches(services, sha256s, signal, (share) => report(share * sketchingShare));
  const { near, compared } = await nearOnes(db, pictures, signal, (share) =>
    report(sketchingShare + share * (1 - sketchingShare)),
  );
  add('near', near);
  return { leaks, compared };
}

interface Picture {
  frameId: string;
  split: 'train' | 'test';
  camera: string;
  sha256: string;
}

async function picturesOf(db: Db, datasetId: string): Promise<Picture[]> {
  const rows = await db
    .select({
      ...{ frameId: datasetItems.frameId, split: datasetItems.split, sha256: frames.imageSha256 },
      ...{ deviceId: frames.deviceId, cameraId: frames.cameraId },
    })
    .from(datasetItems)
    .innerJoin(frames, eq(frames.id, datasetItems.frameId))
    .where(eq(datasetItems.datasetId, datasetId))
    .orderBy(datasetItems.split, datasetItems.frameId);
  return rows.map(({ deviceId, cameraId, ...row }) => ({ ...row, camera: `${deviceId}/${cameraId}` }));
}

/** Nearly the same pictures on both sides, the most alike first. */
async function nearOnes(
  db: Db,
  pictures: readonly Picture[],
  signal: AbortSignal,
  report: (share: number) => void,
): Promise<{ near: Omit<Leak, 'kind'>[]; compared: number }> {
  const sketches = await sketchesOf(
    db,
    pictures.map(({ sha256 }) => sha256),
  );
  const seen = pictures.filter(({ sha256 }) => sketches.has(sha256));
  const rows = [
    ...seen.filter(({ split }) => split === 'test'),
    ...seen.filter(({ split }) => split === 'train'),
  ];
  const places = new Map<string, number>();
  const cameras = Int32Array.from(rows, ({ camera }) => {
    if (!places.has(camera)) places.set(camera, places.size);
    return places.get(camera)!;
  });
  const all = new Int16Array(rows.length * sketchLength);
  for (const [at, { sha256 }] of rows.entries()) all.set(sketches.get(sha256)!, at * sketchLength);
  const tests = rows.filter(({ split }) => split === 'test').length;
  const input = { sketches: all, length: sketchLength, cameras, tests };
  const pairs = await runLearningJob<'near-pairs'>(
    { type: 'near-pairs', input },
    { signal, onProgress: ({ done, total }) => report(total > 0 ? done / total : 1) },
  );
  const near = pairs
    .toSorted((a, b) => b.similarity - a.similarity || a.test - b.test)
    .map(({ test, train, similarity }) => ({
      ...{ test: rows[test]!.frameId, train: rows[train]!.frameId, similarity },
    }));
  return { near, compared: rows.length };
}
