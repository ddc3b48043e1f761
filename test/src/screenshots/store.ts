import { partClasses } from '@lineside/agent/capture/synthetic/line';
import { openDatabase } from '@lineside/fleet-server/db/open';
import { trainingRuns } from '@lineside/fleet-server/db/schema';
import { storeFrames } from '../bench/console/stored-frames.js';
import { storedLabels, storeVersion } from '../system/stored-version.js';

/** When it is on every page of every picture. */
export const shownAt = Date.UTC(2026, 4, 12, 9, 30);
export const runId = 'run-of-the-pictures';

const share = (value: number, n: number) => ({
  value,
  low: value - 0.03,
  high: Math.min(1, value + 0.02),
  n,
});
const perClass = 40;

/** A report of a good run: each class mostly recognised, some taken for the next one. */
const report = {
  heldOut: {
    n: perClass * partClasses.length,
    accuracy: share(0.93, perClass * partClasses.length),
    balancedAccuracy: { value: 0.93 },
    calibrationError: 0.021,
    perClass: partClasses.map((classId) => ({
      ...{ classId, n: perClass, precision: share(0.94, perClass), recall: share(0.93, perClass) },
    })),
    confusion: partClasses.map((_, row) =>
      partClasses.map((_, column) =>
        row === column ? perClass - 3 : (row + 1) % partClasses.length === column ? 3 : 0,
      ),
    ),
  },
  decision: { threshold: 0.91, alpha: 0.05, n: 180, accepted: 141, errors: 2 },
};

/** The same store every time: frames, labels, a queue, and a training run that succeeded. */
export async function storePictured(dataDir: string): Promise<void> {
  await storeFrames({ dataDir, count: 240, nowMs: shownAt });
  const database = await openDatabase({ dataDir });
  const before = (minutes: number) => new Date(shownAt - minutes * 60_000);
  const labelled = await storedLabels(database.db);
  await storeVersion(database.db, 1, before(200), labelled.slice(0, -12));
  const corrected = labelled.map((item, at) =>
    at % 9 === 4 ? { ...item, classId: partClasses[0] } : { ...item },
  );
  await storeVersion(database.db, 2, before(100), corrected);
  await database.db.insert(trainingRuns).values({
    ...{ id: runId, state: 'succeeded' as const, datasetId: 'dataset-1', options: { mode: 'head' as const } },
    ...{ createdAt: before(190), startedAt: before(190), finishedAt: before(184), report },
    createdBy: 'engineer@example.org',
  });
  await database.close();
}
