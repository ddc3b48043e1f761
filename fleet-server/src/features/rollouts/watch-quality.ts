import { and, eq, inArray, type SQL, sql } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { devices, rolloutExecutions, rolloutGroups } from '../../db/schema.js';
import { readTelemetry } from '../devices/repository.js';
import { baselineOf, type Evidence, newEvidence, observeCounters } from './evidence.js';
import { judgeQuality, type WatchedDevice } from './judge-quality.js';
import type { Loaded, Member } from './load.js';
import { expand, type Gate } from './plan.js';
import type { ConditionFigures, QualityPlan } from './quality-plan.js';
import { samplesBefore, samplesSince } from './quality-samples.js';
import type { RolloutRow } from './repository.js';

/** How the conditions of a group stand, as it is stored. */
export interface QualityState {
  /** From when on frames count: the start of the group, or the last resumption. */
  sinceMs: number;
  atMs: number;
  conditions: ConditionFigures[];
}

const leastIntervalMs = 5000;

export const gateOf = ({ strategy }: Pick<RolloutRow, 'strategy'>, index: number): Gate | undefined =>
  expand(strategy)[index]?.gate;

export const watchesDisagreement = (gate: Gate | undefined): boolean =>
  gate?.quality?.conditions.some(({ kind }) => kind === 'disagreement') ?? false;

/** Devices that are about to be told: what they did so far is what they will be compared with. */
export async function keepBaseline(
  tx: Transaction,
  rolloutId: string,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const rows = await tx
    .select({ id: devices.id, telemetry: devices.telemetry })
    .from(devices)
    .where(inArray(devices.id, [...ids]));
  // One that is tried again may have run the new model for a while.
  const unwatched = sql`e.evidence is null`;
  const evidence = rows.map((row) => [row.id, newEvidence(baselineOf(readTelemetry(row)))] as const);
  await keepEvidence(tx, rolloutId, evidence, unwatched);
}

/** Writes the evidence of many devices in one statement. */
async function keepEvidence(
  tx: Transaction,
  rolloutId: string,
  evidence: readonly (readonly [deviceId: string, Evidence])[],
  where: SQL = sql`true`,
): Promise<void> {
  if (evidence.length === 0) return;
  const rows = evidence.map(([device, found]) => ({ device, found }));
  await tx.execute(sql`
    update ${rolloutExecutions} as e set evidence = c.found
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as c(device text, found jsonb)
    where e.rollout_id = ${rolloutId} and e.device_id = c.device and ${where}`);
}

export async function forgetEvidence(tx: Transaction, rolloutId: string, group: number): Promise<void> {
  await tx
    .update(rolloutExecutions)
    .set({ evidence: null })
    .where(and(eq(rolloutExecutions.rolloutId, rolloutId), eq(rolloutExecutions.groupIndex, group)));
}

/**
 * Takes in what the devices of the group under way told since the last look, and judges it. Mutates what is loaded.
 * @returns whether the figures are new
 */
export async function watchQuality(tx: Transaction, loaded: Loaded, nowMs: number): Promise<boolean> {
  const { rollout } = loaded;
  const group = loaded.groups.find(({ state }) => state === 'running' || state === 'soaking');
  const quality = group && gateOf(rollout, group.index)?.quality;
  if (rollout.state !== 'running' || !group || !quality || !loaded.isComparable) return false;
  const before = group.quality ?? { sinceMs: nowMs, atMs: 0, conditions: [] };
  if (!isDue(before.atMs, quality, nowMs)) return false;
  const members = loaded.members.filter(({ execution }) => execution.groupIndex === group.index);
  const running = members.filter(
    ({ device }) => device.reported?.model?.releaseCounter === rollout.releaseCounter,
  );
  await gather(tx, rollout.id, quality, rollout.reference?.releaseCounter ?? null, running);
  const watched: WatchedDevice[] = [];
  for (const member of members) watched.push(await watch(tx, rollout, quality, member, before.sinceMs));
  const state: QualityState = { ...before, atMs: nowMs, conditions: judgeQuality(quality, watched) };
  await tx
    .update(rolloutGroups)
    .set({ quality: state })
    .where(and(eq(rolloutGroups.rolloutId, rollout.id), eq(rolloutGroups.index, group.index)));
  group.quality = state;
  return true;
}

/** Whether it is time for another look. */
export const isDue = (atMs: number, { apartSeconds }: QualityPlan, nowMs: number): boolean =>
  nowMs - atMs >= Math.min(leastIntervalMs, apartSeconds * 1000);

/** Takes in the latest counters of devices that run what is watched. Mutates the members. */
export async function gather(
  tx: Transaction,
  rolloutId: string,
  { apartSeconds, conditions }: QualityPlan,
  shadowCounter: number | null,
  running: readonly Member[],
): Promise<void> {
  if (running.length === 0) return;
  const ids = running.map(({ execution }) => execution.deviceId);
  const rows = await tx
    .select({ id: devices.id, telemetry: devices.telemetry })
    .from(devices)
    .where(inArray(devices.id, ids));
  const telemetry = new Map(rows.map((row) => [row.id, readTelemetry(row)]));
  const watching = {
    apartMs: apartSeconds * 1000,
    latencyFactor: conditions.find(({ kind }) => kind === 'latency')?.limit ?? 1,
    shadowCounter,
  };
  const changed: [string, Evidence][] = [];
  for (const member of running) {
    const { execution, device } = member;
    const before = execution.evidence ?? newEvidence(baselineOf(null));
    const evidence =
      device.reported &&
      observeCounters(before, device.reported, telemetry.get(execution.deviceId) ?? null, watching);
    if (!evidence) continue;
    changed.push([execution.deviceId, evidence]);
    member.execution = { ...execution, evidence };
  }
  await keepEvidence(tx, rolloutId, changed);
}

async function watch(
  tx: Transaction,
  rollout: RolloutRow,
  { apartSeconds, conditions }: QualityPlan,
  { execution, device }: Member,
  sinceMs: number,
): Promise<WatchedDevice> {
  const { deviceId, state, code, evidence, previousModelVersionId, notifiedAt } = execution;
  const sampled = conditions.some(({ kind }) => kind === 'class_share' || kind === 'confidence');
  const apartMs = apartSeconds * 1000;
  const wanted = (modelVersionId: string) => ({ deviceId, modelVersionId, apartMs });
  const isSampled = sampled && notifiedAt !== null && previousModelVersionId !== null;
  return {
    ...{ name: device.name, state, code, evidence },
    frames: isSampled ? await samplesSince(tx, wanted(rollout.modelVersionId), new Date(sinceMs)) : [],
    before: isSampled ? await samplesBefore(tx, wanted(previousModelVersionId), notifiedAt) : [],
  };
}
