import { count, isNotNull, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { devices, frames } from '../../db/schema.js';
import { boxedWith } from './move-boxes.js';
import { labelledWith } from './move-labels.js';
import type { ClassEffects } from './schemas.js';
import { requireStanding } from './standing.js';

/** What a merge or a split of a class would touch; nothing is written. @throws LinesideError `class_unknown` */
export async function effectsOn(db: DbOrTransaction, classId: string): Promise<ClassEffects> {
  await requireStanding(db, classId);
  const [counted] = await db
    .select({
      frames: sql<number>`count(*) filter (where ${labelledWith(classId)})`.mapWith(Number),
      boxes: sql<number>`count(*) filter (where ${boxedWith(classId)})`.mapWith(Number),
      all: count(),
    })
    .from(frames);
  const told = await db
    .select({ id: devices.id, name: devices.name, desired: devices.desired })
    .from(devices)
    .where(isNotNull(devices.desired))
    .orderBy(devices.name);
  return {
    ...{ frames: counted?.frames ?? 0, boxes: counted?.boxes ?? 0 },
    devices: told.flatMap(({ id, name, desired }) =>
      namesClass(outputsOf(desired), classId) ? { id, name } : [],
    ),
  };
}

const outputsOf = (desired: Record<string, unknown> | null): unknown =>
  (desired as { config?: { settings?: { outputs?: unknown } } | null } | null)?.config?.settings?.outputs;

/** Whether outputs act on a class: it is a key of their values, or one of their classes. */
function namesClass(value: unknown, classId: string): boolean {
  if (Array.isArray(value)) return value.some((each) => each === classId || namesClass(each, classId));
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, each]) => key === classId || namesClass(each, classId));
}
