import { LinesideError } from '@lineside/shared';
import type { Services } from '../../services.js';
import type { TestSet } from './schemas.js';
import { takeSnapshot } from './snapshot.js';
import { leastFramesForTest } from './split.js';
import { listTestSets, newestTestSet } from './test-sets.js';

/**
 * Starts the next version of the test set, with the frames that waited for it.
 * @throws LinesideError `dataset_empty`; `conflict` when it would have the frames of the one in force, or labels are too few
 */
export async function startTestSet(services: Services, actor: string): Promise<TestSet> {
  const { db } = services.database;
  const before = await newestTestSet(db);
  const { testSetId } = await takeSnapshot(services, actor, { newTestSet: true });
  if (testSetId === null) {
    throw new LinesideError('conflict', `A test set takes ${leastFramesForTest} labelled frames.`);
  }
  const { items } = await listTestSets(db);
  const started = items.find(({ id }) => id === testSetId)!;
  if (started.number <= (before?.number ?? 0)) {
    throw new LinesideError('conflict', 'No frame waits for a new test set: it would be the same again.');
  }
  await services.audit.record({
    ...{ actor, action: 'test_set.start', subject: started.id },
    detail: { frames: started.frames, sha256: started.sha256 },
  });
  services.live.publish({ type: 'models' });
  return started;
}
