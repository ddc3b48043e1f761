import { atOneMoment } from '../../db/at-one-moment.js';
import type { Db } from '../../db/database.js';
import * as repository from './repository.js';
import type { RolloutDetail } from './schemas.js';
import { eventsOf, timeZonesOf } from './timeline.js';

/**
 * A rollout whose counts, devices and events agree, however fast its devices move.
 *
 * @throws LinesideError `not_found`
 */
export const rolloutDetail = (db: Db, id: string): Promise<RolloutDetail> =>
  atOneMoment(db, async (tx) => {
    const [rollout] = await repository.toRollouts(tx, [await repository.rolloutById(tx, id)]);
    return {
      rollout: rollout!,
      executions: await repository.executionsOf(tx, id),
      timeZones: await timeZonesOf(tx, id),
      events: await eventsOf(tx, id),
    };
  });

/** Newest first; counts and states agree. */
export const listRollouts = (db: Db) =>
  atOneMoment(db, async (tx) => repository.toRollouts(tx, await repository.listRollouts(tx)));
