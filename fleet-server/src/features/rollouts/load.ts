import type { ModelTarget, ReportedState } from '@lineside/shared';
import { and, eq, inArray, ne, notInArray, or, sql } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import {
  devices,
  modelVersions,
  rolloutExecutions,
  rolloutGroups,
  rollouts,
  sites,
} from '../../db/schema.js';
import { isReference } from './champion-shadow.js';
import { endedStates } from './executions.js';
import type { RolloutRow } from './repository.js';

type ModelPart = Pick<typeof modelVersions.$inferSelect, 'id' | 'manifest' | 'manifestSha256'>;

/** What rollouts read of a report: of ten thousand devices the rest would be most of a tick. */
export type ReleaseReport = Pick<ReportedState, 'at' | 'desiredRevision' | 'model' | 'update' | 'shadow'>;

type Device = Pick<
  typeof devices.$inferSelect,
  'name' | 'online' | 'lastSeenAt' | 'revokedAt' | 'desiredRevision'
> & {
  /** Of its site; null: nobody said. */
  timeZone: string | null;
  reported: ReleaseReport | null;
  desired: { model: ModelTarget | null; shadow: { model: ModelTarget; share: number } | null } | null;
};
export interface Member {
  execution: typeof rolloutExecutions.$inferSelect;
  device: Device;
}
export interface Loaded {
  rollout: RolloutRow;
  model: ModelPart;
  groups: (typeof rolloutGroups.$inferSelect)[];
  members: Member[];
  /** Whether the model before it is one to compare with. */
  isComparable: boolean;
}

/** The given parts of a JSON column, null where there is none. */
const partsOf = <T>(column: typeof devices.reported | typeof devices.desired, keys: readonly string[]) => {
  const parts = keys.map((key) => sql`${sql.raw(`'${key}'`)}, ${column}->${sql.raw(`'${key}'`)}`);
  return sql<T>`case when ${column} is not null then jsonb_build_object(${sql.join(parts, sql`, `)}) end`;
};

/** Rollouts under way, and finished ones that some device has yet to follow. */
export async function load(tx: Transaction): Promise<Loaded[]> {
  const rows = await tx
    .select({
      rollout: rollouts,
      model: {
        id: modelVersions.id,
        manifest: modelVersions.manifest,
        manifestSha256: modelVersions.manifestSha256,
      },
    })
    .from(rollouts)
    .innerJoin(modelVersions, eq(modelVersions.id, rollouts.modelVersionId))
    .where(
      or(
        inArray(rollouts.state, ['running', 'paused']),
        and(
          eq(rollouts.state, 'finished'),
          inArray(
            rollouts.id,
            tx
              .select({ id: rolloutExecutions.rolloutId })
              .from(rolloutExecutions)
              .where(notInArray(rolloutExecutions.state, [...endedStates])),
          ),
        ),
      ),
    )
    .orderBy(rollouts.releaseCounter);
  if (rows.length === 0) return [];
  const ids = rows.map(({ rollout }) => rollout.id);
  const groups = await tx
    .select()
    .from(rolloutGroups)
    .where(inArray(rolloutGroups.rolloutId, ids))
    .orderBy(rolloutGroups.index);
  const members = await tx
    .select({
      execution: rolloutExecutions,
      device: {
        name: devices.name,
        online: devices.online,
        lastSeenAt: devices.lastSeenAt,
        revokedAt: devices.revokedAt,
        reported: partsOf<Device['reported']>(devices.reported, [
          ...['at', 'desiredRevision', 'model', 'update', 'shadow'],
        ]),
        desired: partsOf<Device['desired']>(devices.desired, ['model', 'shadow']),
        desiredRevision: devices.desiredRevision,
        timeZone: sites.timeZone,
      },
    })
    .from(rolloutExecutions)
    .innerJoin(devices, eq(devices.id, rolloutExecutions.deviceId))
    .innerJoin(rollouts, eq(rollouts.id, rolloutExecutions.rolloutId))
    .leftJoin(sites, eq(sites.name, devices.site))
    .where(
      and(
        inArray(rolloutExecutions.rolloutId, ids),
        // Of a finished one the stragglers, and whoever went back to its old model by itself.
        or(
          ne(rollouts.state, 'finished'),
          ne(rolloutExecutions.state, 'confirmed'),
          sql`${devices.reported}->'update'->>'phase' = 'failed'`,
        ),
      ),
    );
  const loaded: Loaded[] = [];
  for (const { rollout, model } of rows) {
    loaded.push({
      rollout,
      model,
      groups: groups.filter((group) => group.rolloutId === rollout.id),
      members: members.filter(({ execution }) => execution.rolloutId === rollout.id),
      isComparable: await isReference(tx, rollout.previousModelVersionId),
    });
  }
  return loaded;
}
