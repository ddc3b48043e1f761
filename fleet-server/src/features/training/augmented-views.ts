import { LinesideError } from '@lineside/shared';
import { oneAtATime } from '@lineside/shared/one-at-a-time';
import type { Change } from '../../learning/finetune/augment.js';
import { runLearningJob } from '../../learning/worker-client.js';
import type { Services } from '../../services.js';
import { imageOf } from '../frames/repository.js';

/** Draws sheets of augmented views, each in a process of its own and one after the other. */
export function createAugmentedViews(
  services: Services,
): (frameId: string, changes: string, seed: number) => Promise<Buffer> {
  const queued = oneAtATime();
  return async (frameId, list, seed) => {
    const image = await imageOf(services.database.db, frameId);
    if (!image) throw new LinesideError('not_found', `There is no frame ${frameId}.`);
    const imagePath = await services.blobs.path(image.sha256);
    const changes = list.split(',').filter((each) => each !== '') as Change[];
    const { png } = await queued(() =>
      runLearningJob<'views'>({ type: 'views', input: { imagePath, changes, seed } }),
    );
    return Buffer.from(png);
  };
}
