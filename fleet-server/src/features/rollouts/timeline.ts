import { asc, eq } from 'drizzle-orm';
import Type, { type Static } from 'typebox';
import type { DbOrTransaction } from '../../db/database.js';
import { devices, rolloutEvents, rolloutExecutions, sites } from '../../db/schema.js';
import { Nullable, Timestamp } from '../../http/page.js';
import { groupStates, rolloutStates } from './states.js';

const states = [...new Set([...rolloutStates, ...groupStates])];

/** A rollout or one of its groups came into another state. */
export const RolloutEvent = Type.Object({
  at: Timestamp,
  group: Nullable(Type.Integer({ minimum: 0, description: 'Null: the rollout as a whole' })),
  from: Nullable(Type.Enum(states, { description: 'Null: it was staged' })),
  to: Type.Enum(states, { description: 'The same as before: somebody approved it' }),
  by: Type.String({ description: 'E-mail, or system' }),
  reason: Nullable(Type.String()),
});
export type RolloutEvent = Static<typeof RolloutEvent>;

/** Who moves what nobody moved. */
export const system = 'system';

/** Who moves something, when and why. */
export interface Moved {
  by: string;
  at: Date;
  reason?: string | null;
}

/** In the transaction that writes the state. */
export async function addEvent(
  tx: DbOrTransaction,
  rolloutId: string,
  event: Pick<typeof rolloutEvents.$inferInsert, 'groupIndex' | 'from' | 'to'>,
  { by, at, reason }: Moved,
): Promise<void> {
  await tx.insert(rolloutEvents).values({ rolloutId, ...event, by, at, reason: reason ?? null });
}

/** Of the sites where the devices of the rollout stand. */
export async function timeZonesOf(db: DbOrTransaction, rolloutId: string): Promise<string[]> {
  const rows = await db
    .selectDistinct({ timeZone: sites.timeZone })
    .from(rolloutExecutions)
    .innerJoin(devices, eq(devices.id, rolloutExecutions.deviceId))
    .innerJoin(sites, eq(sites.name, devices.site))
    .where(eq(rolloutExecutions.rolloutId, rolloutId))
    .orderBy(asc(sites.timeZone));
  return rows.map(({ timeZone }) => timeZone);
}

/** In the order in which they happened. */
export async function eventsOf(db: DbOrTransaction, rolloutId: string): Promise<RolloutEvent[]> {
  const rows = await db
    .select()
    .from(rolloutEvents)
    .where(eq(rolloutEvents.rolloutId, rolloutId))
    .orderBy(asc(rolloutEvents.id));
  return rows.map(({ groupIndex, from, to, by, at, reason }) => ({
    at: at.toISOString(),
    group: groupIndex,
    ...{ from, to, by, reason },
  }));
}
