import { and, count, desc, eq, gt, inArray, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { frames, trainingRuns } from '../../db/schema.js';
import { readSetting, writeSetting } from '../../db/settings.js';
import type { Services } from '../../services.js';
import { driftAlarms } from '../drift/service.js';
import { labelsSince, lastTraining } from '../labelling/stats.js';
import { startTraining } from '../training/service.js';
import { dueRule, type RetrainFacts } from './due.js';
import type { RetrainRules } from './schemas.js';

const key = 'retrain_rules';
const none: RetrainRules = { newLabels: null, drift: false, novelFrames: null, everyHours: null };

export async function retrainRules(db: DbOrTransaction): Promise<RetrainRules> {
  return { ...none, ...(await readSetting<Partial<RetrainRules>>(db, key)) };
}

export async function setRetrainRules(
  { database: { db }, audit }: Services,
  actor: string,
  rules: RetrainRules,
): Promise<RetrainRules> {
  await writeSetting(db, key, rules);
  await audit.record({ actor, action: 'training.rules', subject: key, detail: rules });
  return rules;
}

/** Null before the first training: there is nothing to train again. */
async function factsOf(db: DbOrTransaction, nowMs: number): Promise<RetrainFacts | null> {
  const trained = await lastTraining(db);
  const [newest] = await db
    .select({ at: trainingRuns.createdAt })
    .from(trainingRuns)
    .orderBy(desc(trainingRuns.createdAt))
    .limit(1);
  if (!trained || !newest) return null;
  const [busy] = await db
    .select({ runs: count() })
    .from(trainingRuns)
    .where(inArray(trainingRuns.state, ['queued', 'running']));
  const [novel] = await db
    .select({ frames: count() })
    .from(frames)
    .where(and(gt(frames.receivedAt, trained.at), sql`${frames.reasons} @> '[{"kind":"novel"}]'::jsonb`));
  return {
    nowMs,
    underWay: (busy?.runs ?? 0) > 0,
    lastRunMs: newest.at.getTime(),
    newLabels: await labelsSince(db, trained.at),
    driftAlarms: await driftAlarms(db, trained.at),
    novelFrames: novel?.frames ?? 0,
  };
}

/** What the last classifier that succeeded was trained with; null without one. */
async function lastOptions(db: DbOrTransaction) {
  const [row] = await db
    .select({ options: trainingRuns.options })
    .from(trainingRuns)
    .where(
      and(
        eq(trainingRuns.state, 'succeeded'),
        sql`coalesce(${trainingRuns.options}->>'kind', 'classifier') = 'classifier'`,
      ),
    )
    .orderBy(desc(trainingRuns.number))
    .limit(1);
  return row?.options ?? null;
}

/** @returns the id of the run it started, if one was due */
export async function retrainWhenDue(services: Services): Promise<string | null> {
  const { db } = services.database;
  const rules = await retrainRules(db);
  if (Object.values(rules).every((rule) => rule === null || rule === false)) return null;
  const facts = await factsOf(db, services.now());
  const rule = facts && dueRule(rules, facts);
  const options = rule && (await lastOptions(db));
  if (!rule || !options) return null;
  const { rule: _, ...asBefore } = options;
  const { id } = await startTraining(services, { email: 'system' }, asBefore, rule);
  return id;
}
