import {
  decodeMessage,
  type ModelManifest,
  openReference,
  type Reference,
  ReferenceEmbeddings,
} from '@lineside/shared';
import { and, asc, eq, lte, sql } from 'drizzle-orm';
import { frames, modelVersions } from '../../db/schema.js';
import { readSetting } from '../../db/settings.js';
import { apartMs } from '../../learning/drift/monitor.js';
import type { Seen } from '../../learning/drift/usual.js';
import { letEventsIn } from '../../learning/let-events-in.js';
import type { Services } from '../../services.js';

/** Up to where frames are taken in. */
export interface Cursor {
  /** ISO text */
  readonly receivedAt: string;
  readonly frameId: string;
}

export interface Sample extends Seen {
  readonly deviceId: string;
  readonly modelVersionId: string;
}

export const cursorKey = 'drift_cursor';
/** A frame that is being stored has its time already; it must not be passed by. */
const settleMs = 30_000;
const frameLimit = 200;
/** After every id of a frame. */
const lastId = 'zzzz';

async function readCursor({ database: { db } }: Services): Promise<Cursor> {
  return (await readSetting<Cursor>(db, cursorKey)) ?? { receivedAt: new Date(0).toISOString(), frameId: '' };
}

/** Reads the random sample of all frames on from where the last call stood, and measures how far each is from usual. */
export class SampleReader {
  readonly #services: Services;
  readonly #references = new Map<string, Reference | null>();
  readonly #manifests = new Map<string, ModelManifest | undefined>();

  constructor(services: Services) {
    this.#services = services;
  }

  /** @returns the next frames, and where they end; `more`: there are others after them */
  async next(signal: AbortSignal): Promise<{ samples: Sample[]; cursor: Cursor; more: boolean }> {
    const from = await readCursor(this.#services);
    const horizon = new Date(this.#services.now() - settleMs);
    const rows = await this.#services.database.db
      .select({
        id: frames.id,
        deviceId: frames.deviceId,
        cameraId: frames.cameraId,
        group: frames.groupKey,
        capturedAt: frames.capturedAt,
        receivedAt: frames.receivedAt,
        decision: frames.decision,
        embedding: frames.embedding,
        space: frames.embeddingSpace,
      })
      .from(frames)
      .where(
        and(
          sql`(${frames.receivedAt}, ${frames.id}) > (${from.receivedAt}::timestamptz, ${from.frameId})`,
          lte(frames.receivedAt, horizon),
          sql`${frames.reasons} @> '[{"kind":"audit"}]'::jsonb`,
        ),
      )
      .orderBy(asc(frames.receivedAt), asc(frames.id))
      .limit(frameLimit);
    const samples: Sample[] = [];
    /** Of the last frame by camera: what will not be counted need not be measured. */
    const newest = new Map<string, number>();
    for (const { decision, capturedAt, receivedAt, embedding, space, ...row } of rows) {
      if (!decision || !(await this.#isWatched(decision.modelVersion))) continue;
      const atMs = capturedAt.getTime();
      const camera = `${row.deviceId} ${row.cameraId}`;
      if (Math.abs(atMs - (newest.get(camera) ?? Number.NEGATIVE_INFINITY)) < apartMs) continue;
      newest.set(camera, atMs);
      await letEventsIn(signal);
      const { modelVersion, classId, confidence, probabilities } = decision;
      const distance = await this.#distance(modelVersion, embedding, space);
      const classIds = Object.keys(probabilities);
      samples.push({ ...row, atMs, modelVersionId: modelVersion, classId, classIds, confidence, distance });
    }
    const last = rows.at(-1);
    const more = rows.length === frameLimit && last !== undefined;
    const cursor = more
      ? { receivedAt: last.receivedAt.toISOString(), frameId: last.id }
      : { receivedAt: horizon.toISOString(), frameId: lastId };
    return { samples, cursor, more };
  }

  async #distance(model: string, embedding: Uint8Array | null, space: string | null): Promise<number | null> {
    const reference = await this.#reference(model);
    if (!reference || !embedding || space !== reference.space) return null;
    // Drivers give views into larger buffers, at any offset: the numbers need a buffer of their own.
    const distance = reference.distance(new Float32Array(new Uint8Array(embedding).buffer));
    return distance / Math.max(reference.threshold, 1e-9);
  }

  /** A model that knows nothing is equally unsure of everything. */
  async #isWatched(model: string): Promise<boolean> {
    return (await this.#manifest(model))?.decision.method !== 'bootstrap';
  }

  async #manifest(model: string): Promise<ModelManifest | undefined> {
    if (!this.#manifests.has(model)) {
      const [row] = await this.#services.database.db
        .select({ manifest: modelVersions.manifest })
        .from(modelVersions)
        .where(eq(modelVersions.id, model));
      this.#manifests.set(model, row?.manifest);
    }
    return this.#manifests.get(model);
  }

  async #reference(model: string): Promise<Reference | null> {
    const known = this.#references.get(model);
    if (known !== undefined) return known;
    const { blobs, log } = this.#services;
    let reference: Reference | null = null;
    try {
      const file = (await this.#manifest(model))?.reference;
      if (file) reference = openReference(decodeMessage(ReferenceEmbeddings, await blobs.read(file.sha256)));
    } catch (error) {
      log.warn({ err: error, model }, 'drift is judged without the distance of frames');
    }
    this.#references.set(model, reference);
    return reference;
  }
}
