import { count, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { frames } from '../../db/schema.js';
import { allClasses, isStanding, standingIn } from '../classes/standing.js';
import { devicesOf } from './balance.js';
import type { LiveBalance } from './schemas.js';

type Cell = LiveBalance['cells'][number];

const state = sql<Cell['state']>`case
  when ${frames.labelKind} is null then 'none'
  when ${frames.labelKind} <> 'class' then ${frames.labelKind}
  when ${frames.agreement} = 'disputed' then 'disputed'
  else 'ready' end`;
const classId = sql<string | null>`case when ${frames.labelKind} = 'class' then ${frames.labelClassId}
  else ${frames.decision} ->> 'classId' end`;

const inOrder = (a: Cell, b: Cell, place: ReadonlyMap<string | null, number>): number =>
  (place.get(a.classId) ?? place.size) - (place.get(b.classId) ?? place.size) ||
  (a.deviceId < b.deviceId ? -1 : a.deviceId > b.deviceId ? 1 : a.state < b.state ? -1 : 1);

/** All stored frames, by the classes that stand now. */
export async function liveBalance(db: DbOrTransaction): Promise<LiveBalance> {
  const known = await allClasses(db);
  const standing = standingIn(known);
  const rows = await db
    .select({ classId, deviceId: frames.deviceId, state, frames: count() })
    .from(frames)
    .groupBy(sql`1`, sql`2`, sql`3`);
  const cells = new Map<string, Cell>();
  for (const row of rows) {
    // A camera may have said what was merged or split since.
    const now = row.classId === null ? null : (standing(row.classId)?.id ?? null);
    const key = JSON.stringify([now, row.deviceId, row.state]);
    const cell = cells.get(key);
    if (cell) cell.frames += row.frames;
    else cells.set(key, { ...row, classId: now });
  }
  const classIds = known.filter(isStanding).map(({ id }) => id);
  const place = new Map<string | null, number>(classIds.map((id, at) => [id, at]));
  const sorted = [...cells.values()].sort((a, b) => inOrder(a, b, place));
  return { classIds, devices: await devicesOf(db, sorted), cells: sorted };
}
