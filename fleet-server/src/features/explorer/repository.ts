import { and, asc, count, desc, eq, inArray, isNotNull, type SQL, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { devices, frameFindings, frameHealth, frames } from '../../db/schema.js';
import {
  clusterOf,
  confidence,
  type Dimension,
  decided,
  findingConditions,
  labelState,
  matching,
  model,
  oddness,
  strikingness,
  suggested,
  waiting,
} from './filter.js';
import type { FrameFilter, Summary, sorts, Tile } from './schemas.js';

type Sort = (typeof sorts)[number];

const orders: Record<Sort, SQL[]> = {
  newest: [desc(frames.receivedAt), desc(frames.id)],
  oldest: [asc(frames.receivedAt), asc(frames.id)],
  least_sure: [sql`${confidence} asc nulls last`, desc(frames.id)],
  surest: [sql`${confidence} desc nulls last`, desc(frames.id)],
  alike: [sql`${clusterOf} asc nulls last`, sql`${oddness}`, desc(frames.id)],
  striking: [sql`${strikingness} desc nulls last`, desc(frames.id)],
};

/** A part of the matching frames in order. The ids are found first: a far offset then reads nothing but an index. */
export async function tiles(
  db: DbOrTransaction,
  filter: FrameFilter,
  page: { sort: Sort; asOf: string; offset: number; limit: number },
): Promise<Tile[]> {
  const order = orders[page.sort];
  const ids = db
    .select({ id: frames.id })
    .from(frames)
    .where(matching(filter, page.asOf))
    .orderBy(...order)
    .offset(page.offset)
    .limit(page.limit);
  const rows = await db
    .select({
      id: frames.id,
      deviceName: sql<string>`coalesce(${devices.name}, ${frames.deviceId})`,
      capturedAt: frames.capturedAt,
      labelKind: frames.labelKind,
      labelClassId: frames.labelClassId,
      decided,
      confidence,
      waiting,
      suggested,
    })
    .from(frames)
    .leftJoin(devices, eq(devices.id, frames.deviceId))
    .where(inArray(frames.id, ids))
    .orderBy(...order);
  return rows.map((row) => ({
    id: row.id,
    deviceName: row.deviceName,
    capturedAt: row.capturedAt.toISOString(),
    label:
      row.labelKind === null || row.labelKind === 'retracted'
        ? null
        : { kind: row.labelKind, classId: row.labelClassId },
    decision:
      row.decided === null || row.confidence === null
        ? null
        : { classId: row.decided, confidence: Number(row.confidence) },
    waiting: row.waiting,
    suggested: row.suggested,
  }));
}

const reasonKind = sql<string>`reason ->> 'kind'`;
const facets = {
  deviceId: sql<string | null>`${frames.deviceId}`,
  label: labelState,
  classId: sql<string | null>`${frames.labelClassId}`,
  agreement: sql<string | null>`${frames.agreement}`,
  predicted: decided,
  reason: reasonKind,
  model,
} as const satisfies Partial<Record<Dimension, SQL>>;

/** @param asOf ISO text; later frames are left out */
export async function summary(db: DbOrTransaction, filter: FrameFilter, asOf: string): Promise<Summary> {
  const [all] = await db.select({ frames: count() }).from(frames).where(matching(filter, asOf));
  const counted = {} as Summary['facets'];
  for (const [dimension, value] of Object.entries(facets) as [keyof typeof facets, SQL<string | null>][]) {
    const query = db.select({ value, frames: count() }).from(frames).$dynamic();
    // A frame may have several reasons; it counts once for each.
    if (dimension === 'reason') {
      query.innerJoin(sql`jsonb_array_elements(${frames.reasons}) as reason`, sql`true`);
    }
    const rows = await query
      .where(matching(filter, asOf, dimension))
      .groupBy(value)
      .orderBy(desc(count()), value)
      .limit(200);
    counted[dimension] = rows.flatMap(({ value: found, frames: many }) =>
      found === null ? [] : { value: found, frames: many },
    );
  }
  counted.finding = await byFinding(db, filter, asOf);
  return { total: all?.frames ?? 0, asOf, facets: counted };
}

/** Of all keys together; a key with a value of its own for every frame, such as a serial number, comes last. */
const mostSlices = 400;

/** @param asOf ISO text; later frames are left out */
export async function slices(db: DbOrTransaction, filter: FrameFilter, asOf: string) {
  const rows = await db
    .select({ key: sql<string>`m.key`, value: sql<string>`m.value`, frames: count() })
    .from(frames)
    .innerJoin(sql`jsonb_each_text(${frames.metadata}) as m`, sql`true`)
    .where(matching(filter, asOf, 'slice'))
    .groupBy(sql`m.key`, sql`m.value`)
    .orderBy(desc(count()), sql`m.key`, sql`m.value`)
    .limit(mostSlices);
  const byKey = new Map<string, { value: string; frames: number }[]>();
  for (const { key, value, frames: many } of rows)
    byKey.set(key, [...(byKey.get(key) ?? []), { value, frames: many }]);
  return [...byKey].map(([key, values]) => ({ key, values }));
}

/** A frame may be found for several reasons. */
async function byFinding(db: DbOrTransaction, filter: FrameFilter, asOf: string) {
  const kinds = Object.entries(findingConditions);
  const many = (condition: SQL) => sql<number>`count(*) filter (where ${condition})`.mapWith(Number);
  const [row] = await db
    .select(Object.fromEntries(kinds.map(([kind, condition]) => [kind, many(condition)])))
    .from(frames)
    .innerJoin(frameFindings, eq(frameFindings.frameId, frames.id))
    .where(matching(filter, asOf, 'finding'));
  const pictures = await db
    .select({ value: sql<string>`${frameHealth.finding}`, frames: count() })
    .from(frames)
    .innerJoin(frameHealth, eq(frameHealth.frameId, frames.id))
    .where(and(isNotNull(frameHealth.finding), matching(filter, asOf, 'finding')))
    .groupBy(frameHealth.finding)
    .orderBy(desc(count()), frameHealth.finding);
  const ofEmbeddings = kinds.map(([value]) => ({ value, frames: Number(row?.[value] ?? 0) }));
  return [...ofEmbeddings.filter((each) => each.frames > 0), ...pictures];
}
