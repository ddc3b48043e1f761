import { say } from '@lineside/shared';
import { sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { running } from './service.js';

/** Puts the frames that show an open alarm to the front of the review queue, and says there why. */
export async function bringForward(db: DbOrTransaction): Promise<void> {
  await db.execute(sql`
    update review_items set priority = 1 - review_items.skips, reason = ${say('queue_drift')}::text || ': ' || shown.message
    from (
      select distinct on (frame.id) frame.id, drift_states.message
      from drift_states, jsonb_array_elements_text(drift_states.state->'alarm'->'frameIds') as frame(id)
      where drift_states.alarm_at is not null and ${running}
      order by frame.id, drift_states.device_id desc
    ) as shown
    where review_items.frame_id = shown.id and review_items.state = 'queued'`);
}
