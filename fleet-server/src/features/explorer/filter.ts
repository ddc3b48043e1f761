import { and, eq, type SQL, sql } from 'drizzle-orm';
import { frames, reviewItems } from '../../db/schema.js';
import type { FrameFilter } from './schemas.js';

export type Dimension = keyof FrameFilter;

export const decided = sql<string | null>`${frames.decision} ->> 'classId'`;
export const confidence = sql<number | null>`(${frames.decision} ->> 'confidence')::float8`;
export const model = sql<string | null>`${frames.decision} ->> 'modelVersion'`;
export const labelState = sql<string>`coalesce(${frames.labelKind}, 'none')`;
export const waiting = sql<boolean>`exists (select 1 from ${reviewItems} r
  where r.frame_id = ${frames.id} and r.state = 'queued')`;

const escaped = (text: string): string => `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;

const conditions: { [D in Dimension]-?: (value: NonNullable<FrameFilter[D]>) => SQL } = {
  deviceId: (id) => eq(frames.deviceId, id),
  label: (state) => (state === 'none' ? sql`${frames.labelKind} is null` : eq(frames.labelKind, state)),
  classId: (id) => eq(frames.labelClassId, id),
  predicted: (id) => sql`${decided} = ${id}`,
  contradicted: (yes) =>
    yes ? sql`${frames.labelClassId} <> ${decided}` : sql`(${frames.labelClassId} <> ${decided}) is not true`,
  waiting: (yes) => (yes ? waiting : sql`not ${waiting}`),
  reason: (kind) => sql`${frames.reasons} @> ${JSON.stringify([{ kind }])}::jsonb`,
  model: (version) => sql`${model} = ${version}`,
  surest: (most) => sql`${confidence} <= ${most}`,
  leastSure: (least) => sql`${confidence} >= ${least}`,
  from: (at) => sql`${frames.capturedAt} >= ${at}::timestamptz`,
  until: (at) => sql`${frames.capturedAt} < ${at}::timestamptz`,
  text: (part) => sql`(${frames.id} ilike ${escaped(part)} or ${frames.groupKey} ilike ${escaped(part)}
    or ${frames.source} ilike ${escaped(part)} or exists (
      select 1 from jsonb_each_text(${frames.metadata}) as m where m.value ilike ${escaped(part)}))`,
};

/** What a filter asks of a frame, but for one dimension if that is to be counted. */
export function matching(filter: FrameFilter, asOf: string, but?: Dimension): SQL | undefined {
  const asked = Object.entries(filter).filter(
    ([name, value]) => name in conditions && name !== but && value !== undefined,
  ) as [Dimension, never][];
  return and(
    sql`${frames.receivedAt} <= ${asOf}::timestamptz`,
    ...asked.map(([name, value]) => conditions[name](value)),
  );
}
