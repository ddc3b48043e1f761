import type { DatasetBalance, LiveBalance } from '../../api/types.js';

export interface Column {
  id: string;
  name: string;
  frames: number;
}

/** Frames by class and column. `most` is of one cell; of the classes, totals stand at the end. */
export interface BalanceTable {
  columns: Column[];
  /** `''`: of no class. */
  rows: { classId: string; counts: number[]; total: number }[];
  most: number;
}

/** More columns than a table shows are joined: the first ones, those with most frames, stand alone. */
const mostColumns = 12;

interface Counted {
  classId: string | null;
  column: string;
  frames: number;
}

/** What is in no column counts in the last one. Pure. */
function tabulate(
  classIds: readonly string[],
  named: readonly Omit<Column, 'frames'>[],
  cells: readonly Counted[],
): BalanceTable {
  const columns = named.map(({ id, name }) => ({ id, name, frames: 0 }));
  const place = new Map(columns.map(({ id }, at) => [id, at]));
  const known = cells.some(({ classId }) => classId === null) ? [...classIds, ''] : classIds;
  const rows = known.map((classId) => ({ classId, counts: columns.map(() => 0), total: 0 }));
  const rowOf = new Map(rows.map((row) => [row.classId, row]));
  for (const { classId, column, frames } of cells) {
    const row = rowOf.get(classId ?? '');
    const at = place.get(column) ?? columns.length - 1;
    if (!row || !columns[at]) continue;
    row.counts[at] = (row.counts[at] ?? 0) + frames;
    row.total += frames;
    columns[at].frames += frames;
  }
  return { columns, rows, most: Math.max(1, ...rows.flatMap(({ counts }) => counts)) };
}

/** A version's frames by class and split. */
export const bySplit = (
  { classIds, cells }: DatasetBalance,
  names: Record<'train' | 'test', string>,
): BalanceTable =>
  tabulate(
    classIds,
    (['train', 'test'] as const).map((id) => ({ id, name: names[id] })),
    cells.map(({ split, ...cell }) => ({ ...cell, column: split })),
  );

/** Frames by class and device; those of the devices with fewest are joined in the column `''`. */
export function byDevice(
  {
    classIds,
    devices,
    cells,
  }: Pick<LiveBalance, 'classIds' | 'devices'> & {
    cells: readonly { classId: string | null; deviceId: string; frames: number }[];
  },
  rest: string,
): BalanceTable {
  const shown = devices.slice(0, devices.length > mostColumns ? mostColumns - 1 : mostColumns);
  return tabulate(
    classIds,
    [...shown, ...(devices.length > shown.length ? [{ id: '', name: rest }] : [])],
    cells.map(({ classId, deviceId, frames }) => ({ classId, column: deviceId, frames })),
  );
}

export type LiveState = LiveBalance['cells'][number]['state'];

/** Frames of now by class and state; states that no frame is in are left out. */
export const byState = ({ classIds, cells }: LiveBalance, names: Record<LiveState, string>): BalanceTable =>
  tabulate(
    classIds,
    (Object.keys(names) as LiveState[])
      .filter((id) => id === 'ready' || cells.some(({ state }) => state === id))
      .map((id) => ({ id, name: names[id] })),
    cells.map(({ state, classId, frames }) => ({ classId, column: state, frames })),
  );
