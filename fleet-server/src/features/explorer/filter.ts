import { and, eq, inArray, type SQL, sql } from 'drizzle-orm';
import { containing } from '../../db/like.js';
import {
  datasetItems,
  frameFindings,
  frameHealth,
  framePlaces,
  frames,
  reviewItems,
  runAnswers,
} from '../../db/schema.js';
import { standingSql } from '../classes/standing.js';
import type { FrameFilter } from './schemas.js';

export type Dimension = keyof FrameFilter;

/** By what the class is now. */
export const decided = standingSql(sql`(${frames.decision} ->> 'classId')`);
export const confidence = sql<number | null>`(${frames.decision} ->> 'confidence')::float8`;
export const model = sql<string | null>`${frames.decision} ->> 'modelVersion'`;
export const labelState = sql<string>`coalesce(${frames.labelKind}, 'none')`;
export const waiting = sql<boolean>`exists (select 1 from ${reviewItems} r
  where r.frame_id = ${frames.id} and r.state = 'queued' and r.asked in ('order', 'sent'))`;

const found = (condition: SQL): SQL => sql`exists (select 1 from ${frameFindings}
  where ${frameFindings.frameId} = ${frames.id} and ${condition})`;
/** A doubt is about the label that stood then. */
const doubted = sql`${frameFindings.suspicion} is not null
  and ${frameFindings.labelRevision} = ${frames.labelRevision}`;
/** Of the embeddings; what is wrong with a picture stands in `frame_health`. */
export const findingConditions = {
  mislabelled: doubted,
  outlier: sql`${frameFindings.outlier} is not null`,
  duplicate: sql`${frameFindings.duplicateOf} is not null`,
} as const;

const ofFinding = <T>(value: SQL, condition?: SQL) => sql<T | null>`(select ${value} from ${frameFindings}
  where ${frameFindings.frameId} = ${frames.id}${condition ? sql` and ${condition}` : sql``})`;
export const suggested = ofFinding<string>(standingSql(sql`${frameFindings.suggestedClassId}`), doubted);
export const clusterOf = ofFinding<number>(sql`${frameFindings.cluster}`);
export const oddness = ofFinding<number>(sql`${frameFindings.oddness}`);
export const strikingness = ofFinding<number>(
  sql`greatest(${frameFindings.suspicion}, ${frameFindings.outlier})`,
);

const conditions: { [D in Dimension]-?: (value: NonNullable<FrameFilter[D]>) => SQL } = {
  ids: (ids) => inArray(frames.id, ids.split(',')),
  deviceId: (id) => eq(frames.deviceId, id),
  label: (state) => (state === 'none' ? sql`${frames.labelKind} is null` : eq(frames.labelKind, state)),
  classId: (id) => eq(frames.labelClassId, id),
  agreement: (state) => eq(frames.agreement, state),
  disputed: (yes) =>
    yes ? eq(frames.agreement, 'disputed') : sql`${frames.agreement} is distinct from 'disputed'`,
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
  finding: (kind) =>
    kind in findingConditions
      ? found(findingConditions[kind as keyof typeof findingConditions])
      : sql`exists (select 1 from ${frameHealth}
          where ${frameHealth.frameId} = ${frames.id} and ${frameHealth.finding} = ${kind})`,
  cluster: (number) => found(sql`${frameFindings.cluster} = ${number}`),
  area: (corners) => {
    const on = corners.startsWith('umap:') ? framePlaces : frameFindings;
    const polygon = corners
      .replace('umap:', '')
      .split(';')
      .map((corner) => `(${corner})`)
      .join(',');
    return sql`exists (select 1 from ${on} where ${on.frameId} = ${frames.id}
      and ${`(${polygon})`}::polygon @> point(${on.x}, ${on.y}))`;
  },
  version: (which) => {
    const [datasetId, split, classId] = which.split(',');
    return sql`exists (select 1 from ${datasetItems} i
      where i.dataset_id = ${datasetId} and i.frame_id = ${frames.id}
      ${split ? sql`and i.split = ${split}` : sql``} ${classId ? sql`and i.class_id = ${classId}` : sql``})`;
  },
  answered: (which) => {
    const [run, classId, answer] = which.split(',');
    const ofRun = sql`a.run_id = ${run}`;
    // As the report: held-out answers where there are any, or else out-of-fold ones.
    return sql`exists (select 1 from ${runAnswers} a where ${ofRun} and a.frame_id = ${frames.id}
      and a.class_id = ${classId} and a.answer = ${answer}
      and (a.basis = 'held_out' or not exists (
        select 1 from ${runAnswers} a where ${ofRun} and a.basis = 'held_out')))`;
  },
  slice: (slice) => {
    const at = slice.indexOf('=');
    return sql`${frames.metadata} ->> ${slice.slice(0, at)}::text = ${slice.slice(at + 1)}`;
  },
  text: (part) => sql`(${frames.id} ilike ${containing(part)} or ${frames.groupKey} ilike ${containing(part)}
    or ${frames.source} ilike ${containing(part)} or exists (
      select 1 from jsonb_each_text(${frames.metadata}) as m where m.value ilike ${containing(part)}))`,
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
