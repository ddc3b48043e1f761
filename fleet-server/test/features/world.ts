import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Decision, DesiredState, FlagReason, ModelManifest, ReportedState } from '@lineside/shared';
import { eq, sql } from 'drizzle-orm';
import pino from 'pino';
import { LocalBlobs } from '../../src/blobs/local-blobs.js';
import type { Database } from '../../src/db/database.js';
import { openDatabase } from '../../src/db/open.js';
import { classes, devices, frames, modelVersions, reviewItems } from '../../src/db/schema.js';
import { changeDesired, type DesiredChange, readDesired } from '../../src/features/devices/repository.js';
import type { LiveEvent } from '../../src/features/monitoring/schemas.js';
import type { OpinionSettings } from '../../src/features/opinions/schemas.js';
import { setOpinionSettings } from '../../src/features/opinions/settings.js';
import type { Actor } from '../../src/http/route.js';
import type { Artifacts, Audit, DeviceLink, LiveBus, Services } from '../../src/services.js';
import { openPackageKey } from '../../src/trust/package-key.js';
import { openSealer } from '../../src/trust/sealer.js';
import { type Engine, temporaryFolder } from '../helpers/engines.js';
import { oneAnswerEach } from '../helpers/opinions.js';
import { reportedState } from '../helpers/reported.js';

export const person = (name: string): Actor => ({
  id: `id-${name}`,
  email: `${name}@example.org`,
  name,
  role: 'admin',
});

/** Devices that one can move by hand: they store what they are told and report what the test says. */
export class FakeDevices implements DeviceLink {
  readonly told: { deviceId: string; change: DesiredChange }[] = [];
  readonly #reported = new Set<(deviceId: string, reported: ReportedState) => void>();
  readonly #frames = new Set<(deviceId: string, frameIds: string[]) => void>();

  constructor(private readonly database: Database) {}

  isConnected(): boolean {
    return true;
  }
  raisedAlarms() {
    return new Map();
  }
  async sendDesired(): Promise<void> {}
  async setDesired(deviceId: string, change: DesiredChange) {
    await this.setDesiredOfMany([{ deviceId, change }]);
    return (await readDesired(this.database.db, [deviceId])).get(deviceId)!;
  }
  async setDesiredOfMany(changes: readonly { deviceId: string; change: DesiredChange }[]): Promise<void> {
    await changeDesired(this.database.db, changes);
    this.told.push(...changes);
  }
  async command(): Promise<never> {
    throw new Error('not part of this test');
  }
  async disconnect(): Promise<void> {}
  async release(): Promise<boolean> {
    return false;
  }
  onReported(listener: (deviceId: string, reported: ReportedState) => void) {
    this.#reported.add(listener);
    return () => this.#reported.delete(listener);
  }
  onFrames(listener: (deviceId: string, frameIds: string[]) => void) {
    this.#frames.add(listener);
    return () => this.#frames.delete(listener);
  }

  /** The device acts on what it was told last, as far as `phase`. */
  async report(deviceId: string, phase: ReportedState['update']['phase'], code?: string): Promise<void> {
    const [row] = await this.database.db.select().from(devices).where(eq(devices.id, deviceId));
    const desired = row!.desired as Pick<DesiredState, 'model'> | null;
    const model = desired?.model;
    const runs = phase === 'active' || phase === 'confirmed';
    const reported = reportedState({
      desiredRevision: row!.desiredRevision,
      model:
        runs && model
          ? {
              version: model.version,
              releaseCounter: model.releaseCounter,
              manifestSha256: model.manifestSha256,
              variant: 'fp32',
            }
          : (row!.reported?.model ?? null),
      update: {
        phase,
        ...(model ? { version: model.version, releaseCounter: model.releaseCounter } : {}),
        ...(code ? { code } : {}),
      },
    });
    await this.database.db.update(devices).set({ reported }).where(eq(devices.id, deviceId));
    for (const listener of this.#reported) listener(deviceId, reported);
  }
}

export interface World {
  services: Services;
  devices: FakeDevices;
  audit: { action: string; subject: string }[];
  events: LiveEvent[];
  published: { path: string; custom: Record<string, unknown> }[];
  /** Moves the clock, milliseconds. */
  advance(ms: number): void;
  /** An empty database again. */
  reset(): Promise<void>;
}

/** A server's inside without listeners: real database and blobs, hand-moved clock and devices. */
export async function openWorld(
  test: { teardown(work: () => Promise<unknown>): void },
  engine: Engine,
): Promise<World> {
  const dataDir = await temporaryFolder(test);
  const database = await openDatabase({ dataDir, ...(await engine.prepare(dataDir)) });
  test.teardown(() => database.close());
  let aheadMs = 0;
  const listeners = new Set<(event: LiveEvent) => void>();
  const events: LiveEvent[] = [];
  const live: LiveBus = {
    publish(event) {
      events.push(event);
      for (const listener of listeners) listener(event);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const entries: { action: string; subject: string }[] = [];
  const audit: Audit = { record: async (entry) => void entries.push(entry) };
  const published: World['published'] = [];
  const artifacts: Artifacts = {
    trustedRoot: async () => '{}',
    publishTarget: async ({ path, custom }) => void published.push({ path, custom }),
    readTuf: async () => null,
    targets: async () => published.map(({ path }) => path),
    prune: async () => 0,
    keys: async () => ({ roles: [], warnings: [] }),
  };
  const fake = new FakeDevices(database);
  return {
    services: {
      dataDir,
      database,
      blobs: await LocalBlobs.open(join(dataDir, 'blobs')),
      live,
      devices: fake,
      audit,
      artifacts,
      packageKey: await openPackageKey(join(dataDir, 'trust')),
      passwordOnlyFor: [],
      sealer: await openSealer(join(dataDir, 'trust')),
      log: pino({ level: process.env.LOG_LEVEL ?? 'silent' }),
      now: () => Date.now() + aheadMs,
    },
    devices: fake,
    audit: entries,
    events,
    published,
    advance(ms) {
      aheadMs += ms;
    },
    async reset() {
      const { rows } = await database.db.execute<{ tablename: string }>(
        sql`select tablename from pg_tables where schemaname = 'public' and tablename <> 'audit_log'`,
      );
      const tables = rows.map(({ tablename }) => `"${tablename}"`).join(', ');
      await database.db.execute(sql.raw(`truncate ${tables} cascade`));
      for (const list of [entries, events, published, fake.told]) list.length = 0;
      aheadMs = 0;
    },
  };
}

/** Sets how many are asked for the same frame: one each, but for `changed`. */
export const setOpinions = (world: World, changed: Partial<OpinionSettings> = {}) =>
  setOpinionSettings(world.services, 'eve@example.org', { ...oneAnswerEach, ...changed });

export async function addClasses(world: World, ids: readonly string[]): Promise<void> {
  await world.services.database.db
    .insert(classes)
    .values(ids.map((id, position) => ({ id, name: id.toUpperCase(), colour: '#000000', position })));
}

export async function addDevice(world: World, id: string, online = true): Promise<void> {
  await world.services.database.db.insert(devices).values({
    id,
    name: id,
    certificatePem: '',
    certificateSha256: '',
    certificateExpiresAt: new Date('2100-01-01'),
    online,
    lastSeenAt: online ? new Date() : null,
  });
}

let counter = 0;

export interface FrameOptions {
  deviceId?: string;
  cameraId?: string;
  capturedAtMs?: number;
  imageSha256?: string;
  groupKey?: string;
  metadata?: Record<string, string>;
  source?: string;
  priority?: number;
  reasons?: FlagReason[];
  embedding?: Float32Array;
  space?: string;
  decision?: Decision;
}

/** A stored frame that waits in the review queue. Ids rise. */
export async function addFrame(world: World, options: FrameOptions = {}): Promise<string> {
  const id = `00000000-0000-7000-8000-${String(++counter).padStart(12, '0')}`;
  const { db } = world.services.database;
  await db.insert(frames).values({
    id,
    deviceId: options.deviceId ?? 'camera-box',
    cameraId: options.cameraId ?? 'cam',
    sequence: counter,
    capturedAt: new Date(options.capturedAtMs ?? counter * 10_000),
    width: 8,
    height: 8,
    imageType: 'image/png',
    imageSha256: options.imageSha256 ?? createHash('sha256').update(id).digest('hex'),
    bytes: 100,
    reasons: options.reasons ?? [{ kind: 'low_confidence', score: 0.5 }],
    decision: options.decision ?? null,
    groupKey: options.groupKey ?? null,
    metadata: options.metadata ?? {},
    source: options.source ?? null,
    embedding: options.embedding ? new Uint8Array(options.embedding.buffer) : null,
    embeddingSpace: options.space ?? null,
  });
  await db.insert(reviewItems).values({
    frameId: id,
    priority: options.priority ?? 0.5,
    reason: 'The camera was not sure',
    enqueuedAt: new Date(world.services.now()),
  });
  return id;
}

export const addModel = (world: World, number: number): Promise<string> =>
  addModelRow(world.services.database.db, number);

export async function addModelRow(db: Database['db'], number: number): Promise<string> {
  const id = `v${number}`;
  const file = { sha256: '0'.repeat(64), length: 1 };
  const manifest: ModelManifest = {
    v: 1,
    name: 'lineside',
    version: id,
    createdAt: 0,
    task: 'classification',
    classes: [
      { id: 'a', name: 'A' },
      { id: 'b', name: 'B' },
    ],
    input: { name: 'image', layout: 'HWC', type: 'uint8', colour: 'RGB', height: null, width: null },
    outputs: { probabilities: 'probabilities', embedding: 'embedding' },
    embedding: { space: 'test', dimensions: 4 },
    decision: { threshold: 2, alpha: 0.05, calibrationFrames: 0, method: 'bootstrap' },
    variants: [{ name: 'fp32', file }],
    golden: file,
    provenance: {
      datasetVersion: null,
      datasetSha256: null,
      trainingRun: null,
      backbone: 'test',
      softwareVersion: '0.0.0',
    },
    licences: [],
  };
  const manifestJson = JSON.stringify(manifest);
  await db.insert(modelVersions).values({
    id,
    number,
    manifest,
    manifestJson,
    manifestSha256: createHash('sha256').update(manifestJson).digest('hex'),
    bytes: 1,
    trainingRunId: number === 0 ? null : `run-${number}`,
  });
  return id;
}

export const requestId = (): string => randomUUID();
