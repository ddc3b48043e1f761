import { type SQL, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { devices, frames, datasetItems as items } from '../../db/schema.js';
import { datasetById, toDatasetVersion } from '../datasets/repository.js';
import type { Split } from '../datasets/split.js';
import type { ChangedFrame, ChangedQuery, ChangeKind, DatasetDifference } from './schemas.js';

interface Pair {
  id: string;
  other: string;
}

const of = (datasetId: string) => sql`(select ${items.frameId}, ${items.classId}, ${items.split},
  ${items.groupKey}, ${items.boxRevision} from ${items} where ${items.datasetId} = ${datasetId})`;

interface Cell extends Record<string, unknown> {
  from_class: string | null;
  from_split: Split | null;
  to_class: string | null;
  to_split: Split | null;
  regrouped: boolean;
  redrawn: boolean;
  frames: number;
}

/**
 * Counted by the database in one pass over both versions: what comes back has a row for each change from class and split to
 * class and split, however many frames there are.
 * @throws LinesideError `not_found`
 */
export async function differenceOf(db: DbOrTransaction, { id, other }: Pair): Promise<DatasetDifference> {
  const [from, to] = [await datasetById(db, id), await datasetById(db, other)];
  const { rows } = await db.execute<Cell>(sql`
    select a.class_id as from_class, a.split as from_split, b.class_id as to_class, b.split as to_split,
      a.group_key <> b.group_key is true as regrouped, a.box_revision <> b.box_revision is true as redrawn,
      count(*)::int as frames
    from ${of(id)} as a full join ${of(other)} as b on b.frame_id = a.frame_id
    group by 1, 2, 3, 4, 5, 6 order by frames desc, 1, 2, 3, 4, 5, 6`);
  const total = (condition: (cell: Cell) => boolean): number =>
    rows.filter(condition).reduce((sum, { frames: n }) => sum + n, 0);
  const both = rows.filter((cell) => cell.from_class !== null && cell.to_class !== null);
  const came = rows.filter(({ from_class }) => from_class === null);
  const went = rows.filter(({ to_class }) => to_class === null);
  const relabelled = both.filter((cell) => cell.from_class !== cell.to_class);
  const moved = both.filter((cell) => cell.from_split !== cell.to_split);
  return {
    from: toDatasetVersion(from),
    to: toDatasetVersion(to),
    same: total(
      (cell) =>
        cell.from_class === cell.to_class &&
        cell.from_split === cell.to_split &&
        !cell.regrouped &&
        !cell.redrawn,
    ),
    counts: {
      came: sum(came),
      went: sum(went),
      relabelled: sum(relabelled),
      moved: sum(moved),
      regrouped: total(({ regrouped }) => regrouped),
      redrawn: total(({ redrawn }) => redrawn),
    },
    came: came.map((cell) => ({ classId: cell.to_class!, split: cell.to_split!, frames: cell.frames })),
    went: went.map((cell) => ({ classId: cell.from_class!, split: cell.from_split!, frames: cell.frames })),
    relabelled: merged(relabelled, ({ from_class, to_class }) => [from_class!, to_class!]),
    moved: merged(moved, ({ from_split, to_split }) => [from_split!, to_split!]),
  };
}

const sum = (cells: readonly Cell[]): number => cells.reduce((total, { frames: n }) => total + n, 0);

/** Frames by what they were and are, most frames first. */
function merged<T extends string>(
  cells: readonly Cell[],
  key: (cell: Cell) => [from: T, to: T],
): { from: T; to: T; frames: number }[] {
  const counts = new Map<string, { from: T; to: T; frames: number }>();
  for (const cell of cells) {
    const [from, to] = key(cell);
    const name = JSON.stringify([from, to]);
    const known = counts.get(name);
    if (known) known.frames += cell.frames;
    else counts.set(name, { from, to, frames: cell.frames });
  }
  return [...counts.values()].sort((a, b) => b.frames - a.frames);
}

const only = (kind: 'came' | 'went'): SQL =>
  kind === 'came'
    ? sql`b where not exists (select 1 from a where a.frame_id = b.frame_id)`
    : sql`a where not exists (select 1 from b where b.frame_id = a.frame_id)`;

const differ: Record<Exclude<ChangeKind, 'came' | 'went'>, SQL> = {
  relabelled: sql`a.class_id <> b.class_id`,
  moved: sql`a.split <> b.split`,
  regrouped: sql`a.group_key <> b.group_key`,
  redrawn: sql`a.box_revision <> b.box_revision`,
};

/** The frame ids of one kind of change, at most `limit`, in order. */
function changedIds({ id, other }: Pair, { kind, from, to, cursor }: ChangedQuery, limit: number): SQL {
  const after = (column: SQL) => (cursor === undefined ? sql`` : sql` and ${column} > ${cursor}`);
  const field = sql.raw(kind === 'moved' ? 'split' : 'class_id');
  const asked = (side: 'a' | 'b', value: string | undefined) =>
    value === undefined ? sql`` : sql` and ${sql.raw(side)}.${field} = ${value}`;
  const page = (column: SQL) => sql`${after(column)} order by ${column} limit ${limit}`;
  const sides = sql`with a as not materialized ${of(id)}, b as not materialized ${of(other)}`;
  if (kind === 'came')
    return sql`${sides} select b.frame_id from ${only(kind)}${asked('b', to)}${page(sql`b.frame_id`)}`;
  if (kind === 'went')
    return sql`${sides} select a.frame_id from ${only(kind)}${asked('a', from)}${page(sql`a.frame_id`)}`;
  return sql`${sides} select a.frame_id from a join b on b.frame_id = a.frame_id
    where ${differ[kind]}${asked('a', from)}${asked('b', to)}${page(sql`a.frame_id`)}`;
}

interface Row extends Record<string, unknown> {
  frame_id: string;
  device_name: string;
  captured_at: string | Date;
  from_class: string | null;
  from_split: Split | null;
  from_group: string | null;
  to_class: string | null;
  to_split: Split | null;
  to_group: string | null;
}

/** One page. @throws LinesideError `not_found` */
export async function changedFrames(
  db: DbOrTransaction,
  pair: Pair,
  query: ChangedQuery,
): Promise<{ items: ChangedFrame[]; nextCursor: string | null }> {
  const limit = query.limit ?? 50;
  for (const id of [pair.id, pair.other]) await datasetById(db, id);
  const { rows } = await db.execute<Row>(sql`
    select ids.frame_id, coalesce(${devices.name}, ${frames.deviceId}) as device_name,
      ${frames.capturedAt} as captured_at,
      a.class_id as from_class, a.split as from_split, a.group_key as from_group,
      b.class_id as to_class, b.split as to_split, b.group_key as to_group
    from (${changedIds(pair, query, limit + 1)}) as ids
    join ${frames} on ${frames.id} = ids.frame_id
    left join ${devices} on ${devices.id} = ${frames.deviceId}
    left join ${items} as a on a.dataset_id = ${pair.id} and a.frame_id = ids.frame_id
    left join ${items} as b on b.dataset_id = ${pair.other} and b.frame_id = ids.frame_id
    order by ids.frame_id`);
  const side = (classId: string | null, split: Split | null, group: string | null) =>
    classId === null || split === null || group === null ? null : { classId, split, group };
  const found = rows.slice(0, limit).map(
    (row): ChangedFrame => ({
      frameId: row.frame_id,
      deviceName: row.device_name,
      capturedAt: new Date(row.captured_at).toISOString(),
      from: side(row.from_class, row.from_split, row.from_group),
      to: side(row.to_class, row.to_split, row.to_group),
    }),
  );
  return { items: found, nextCursor: rows.length > limit ? found.at(-1)!.frameId : null };
}
