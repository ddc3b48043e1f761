import { randomUUID } from 'node:crypto';
import { eq, inArray, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { deviceEvents, driftStates, modelVersions } from '../../db/schema.js';
import { writeSetting } from '../../db/settings.js';
import { type DriftState, follow, forgive, newDriftState, observe } from '../../learning/drift/monitor.js';
import type { Services } from '../../services.js';
import { inWords } from './figures.js';
import { bringForward } from './queue.js';
import { type Cursor, cursorKey, type Sample, type SampleReader } from './samples.js';

interface Kept {
  readonly modelVersionId: string;
  /** Empty: the fleet. */
  readonly deviceId: string;
  readonly state: DriftState;
  /** Of an alarm that was there before. */
  readonly alarm: { at: Date; message: string | null } | null;
}

/** Takes all frames in that came since the last pass. */
export async function watchDrift(
  services: Services,
  reader: SampleReader,
  signal: AbortSignal,
): Promise<void> {
  for (let more = true; more && !signal.aborted; ) {
    const next = await reader.next(signal);
    await takeIn(services, next.samples, next.cursor);
    more = next.more;
  }
}

/** One transaction: a frame is counted once, whatever happens between. */
async function takeIn(services: Services, samples: readonly Sample[], cursor: Cursor): Promise<void> {
  const raised = await services.database.db.transaction(async (tx) => {
    const states = new States(await stored(tx, samples));
    const at = new Date(services.now());
    for (const sample of samples) {
      const device = states.of(sample.modelVersionId, sample.deviceId);
      const fleet = states.of(sample.modelVersionId, '');
      const bets = observe(device.state, sample);
      if (!bets) continue;
      // What one device tells by itself is no news of the fleet.
      if (!device.state.alarm) follow(fleet.state, bets, sample);
      else if (!fleet.alarm) forgive(fleet.state);
    }
    const alarms = await save(tx, states.all(), at);
    await writeSetting(tx, cursorKey, cursor);
    return alarms;
  });
  if (raised.length > 0) {
    await bringForward(services.database.db);
    services.live.publish({ type: 'queue' });
  }
  for (const { deviceId, modelVersionId } of raised) {
    services.log.warn({ deviceId, modelVersionId }, 'drift');
    services.live.publish(deviceId === '' ? { type: 'models' } : { type: 'device', deviceId });
  }
}

class States {
  readonly #kept = new Map<string, Kept>();

  constructor(rows: readonly Kept[]) {
    for (const row of rows) this.#kept.set(`${row.modelVersionId}/${row.deviceId}`, row);
  }

  of(modelVersionId: string, deviceId: string): Kept {
    const key = `${modelVersionId}/${deviceId}`;
    const kept = this.#kept.get(key) ?? { modelVersionId, deviceId, state: newDriftState(), alarm: null };
    this.#kept.set(key, kept);
    return kept;
  }

  all(): Kept[] {
    return [...this.#kept.values()];
  }
}

async function stored(tx: DbOrTransaction, samples: readonly Sample[]): Promise<Kept[]> {
  const models = [...new Set(samples.map(({ modelVersionId }) => modelVersionId))];
  const deviceIds = ['', ...new Set(samples.map(({ deviceId }) => deviceId))];
  if (models.length === 0) return [];
  const rows = await tx
    .select()
    .from(driftStates)
    .where(
      sql`${inArray(driftStates.modelVersionId, models)} and ${inArray(driftStates.deviceId, deviceIds)}`,
    )
    .for('update');
  return rows.map(({ modelVersionId, deviceId, state, alarmAt, message }) => ({
    ...{ modelVersionId, deviceId, state },
    alarm: alarmAt && { at: alarmAt, message },
  }));
}

/** @returns those whose alarm is new; it stays readable among the device's events */
async function save(tx: DbOrTransaction, all: readonly Kept[], at: Date): Promise<Kept[]> {
  const raised = all.filter(({ state, alarm }) => state.alarm && !alarm);
  for (const kept of all) {
    const { modelVersionId, deviceId, state } = kept;
    const alarm = raised.includes(kept) ? { at, message: await messageOf(tx, kept) } : kept.alarm;
    const changed = { state, updatedAt: at, alarmAt: alarm?.at ?? null, message: alarm?.message ?? null };
    await tx
      .insert(driftStates)
      .values({ modelVersionId, deviceId, ...changed })
      .onConflictDoUpdate({ target: [driftStates.modelVersionId, driftStates.deviceId], set: changed });
    if (deviceId === '' || !alarm || !raised.includes(kept)) continue;
    const event = { id: `server/${randomUUID()}`, deviceId, at, severity: 'warning', code: 'drifted' };
    await tx.insert(deviceEvents).values({ ...event, message: `${modelVersionId}: ${alarm.message}` });
  }
  return raised;
}

async function messageOf(tx: DbOrTransaction, { modelVersionId, state }: Kept): Promise<string> {
  const [model] = await tx
    .select({ manifest: modelVersions.manifest })
    .from(modelVersions)
    .where(eq(modelVersions.id, modelVersionId));
  const names = new Map(model?.manifest.classes.map(({ id, name }) => [id, name]));
  return inWords(state.alarm!, (id) => names.get(id) ?? id);
}
