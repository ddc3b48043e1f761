import { inArray } from 'drizzle-orm';
import { devices } from '../../db/schema.js';
import type { Services } from '../../services.js';
import { modelById } from '../models/repository.js';
import { expand, mustBeFeasible, type Strategy } from './plan.js';
import { planGroups } from './plan-groups.js';
import { mostAtOnce, standingRules } from './rules.js';
import type { RolloutPreview } from './schemas.js';
import { type Selection, selectDevices } from './selection.js';

const namesShown = 5;

/**
 * What a rollout would do if it were started now.
 * @throws LinesideError `not_found`, `device_unknown`, `request_invalid`
 */
export async function previewRollout(
  { database: { db } }: Services,
  input: { modelVersionId: string; strategy: Strategy; selection?: Selection | undefined },
): Promise<RolloutPreview> {
  mustBeFeasible(input.strategy);
  const model = await modelById(db, input.modelVersionId);
  const found = await selectDevices(db, input.selection ?? {});
  const plan = expand(input.strategy);
  const groups = planGroups(found, plan);
  const { rules } = await standingRules(db);
  const rows =
    found.length === 0
      ? []
      : await db
          .select({ id: devices.id, name: devices.name, reported: devices.reported })
          .from(devices)
          .where(
            inArray(
              devices.id,
              found.map(({ id }) => id),
            ),
          );
  const names = new Map(rows.map(({ id, name }) => [id, name]));
  return {
    devices: found.length,
    online: found.filter(({ online }) => online).length,
    running: rows.filter(({ reported }) => reported?.model?.version === model.id).length,
    widest: (groups[0]?.length ?? 0) > (await mostAtOnce(db, rules)),
    groups: groups.map((ids, index) => ({
      name: plan[index]?.name ?? '',
      devices: ids.length,
      names: ids.slice(0, namesShown).map((id) => names.get(id) ?? id),
    })),
  };
}
