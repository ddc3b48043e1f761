import type { DbOrTransaction } from '../../db/database.js';
import { readSetting, writeSetting } from '../../db/settings.js';
import type { Services } from '../../services.js';
import type { OpinionSettings } from './schemas.js';

const key = 'opinion_settings';
const usual: OpinionSettings = {
  secondOpinions: 0.05,
  sureModel: 0.95,
  knownAnswers: 0.05,
  disputedInDatasets: false,
};

export async function opinionSettings(db: DbOrTransaction): Promise<OpinionSettings> {
  return { ...usual, ...(await readSetting<Partial<OpinionSettings>>(db, key)) };
}

export async function setOpinionSettings(
  { database: { db }, audit }: Services,
  actor: string,
  settings: OpinionSettings,
): Promise<OpinionSettings> {
  await writeSetting(db, key, settings);
  await audit.record({ actor, action: 'label-quality.settings', subject: key, detail: settings });
  return settings;
}
