import type { OutdatedClass } from './schemas.js';
import { type ClassRow, isStanding, standingIn } from './standing.js';

/** Classes that a model knows by what they were when it was made, and what they are now. */
export function outdatedIn(
  rows: readonly ClassRow[],
  known: readonly { id: string; name: string }[],
): OutdatedClass[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const now = standingIn(rows);
  return known.flatMap(({ id, name }): OutdatedClass[] => {
    const row = byId.get(id);
    if (!row || (isStanding(row) && row.name === name)) return [];
    if (isStanding(row)) return [{ id, name, became: 'renamed', now: row.name }];
    const target = now(id);
    return [
      target ? { id, name, became: 'merged', now: target.name } : { id, name, became: 'split', now: null },
    ];
  });
}
