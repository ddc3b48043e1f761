import type { DbOrTransaction } from '../../db/database.js';
import { readSetting, writeSetting } from '../../db/settings.js';
import type { Services } from '../../services.js';
import type { Plant } from './schemas.js';
import { mustBeAZone } from './time-zone.js';

const key = 'plant';
const usual: Plant = { timeZone: null };

export const readPlant = async (db: DbOrTransaction): Promise<Plant> => ({
  ...usual,
  ...(await readSetting<Partial<Plant>>(db, key)),
});

/** @throws LinesideError `request_invalid` for an unknown zone */
export async function writePlant(services: Services, actor: string, plant: Plant): Promise<Plant> {
  if (plant.timeZone !== null) mustBeAZone(plant.timeZone);
  await writeSetting(services.database.db, key, plant);
  await services.audit.record({ actor, action: 'plant.set', subject: key, detail: { ...plant } });
  return plant;
}
