import { isErrorCode, LinesideError } from '@lineside/shared';
import { eq, sql } from 'drizzle-orm';
import { frameFindings, frames } from '../../db/schema.js';
import { readSetting, writeSetting } from '../../db/settings.js';
import { runLearningJob } from '../../learning/worker-client.js';
import type { InspectResult } from '../../learning/worker-protocol.js';
import type { Services } from '../../services.js';
import { allClasses, isStanding } from '../classes/standing.js';
import { type InspectionInput, loadInput } from './inputs.js';
import type { Inspection } from './schemas.js';

const key = 'inspection';
const seed = 1;
const rowsPerInsert = 2000;

interface Kept {
  /** ISO text */
  at: string;
  by: string;
  frames: number;
  leftOut: number;
}

/** Looks the stored frames through, in a process of its own, one pass at a time. */
export class Inspector {
  readonly #services: Services;
  #running: { abort: AbortController; progress: number; done: Promise<void> } | null = null;
  #failure: string | null = null;

  constructor(services: Services) {
    this.#services = services;
  }

  start(by: string): void {
    if (this.#running) return;
    const abort = new AbortController();
    this.#failure = null;
    const done = this.#pass(by, abort.signal)
      .catch((error: unknown) => {
        if (isErrorCode(error, 'training_cancelled')) return;
        this.#failure = error instanceof Error ? error.message : String(error);
        this.#services.log.error({ err: error }, 'the frames cannot be looked through');
      })
      .finally(() => {
        this.#running = null;
        this.#services.live.publish({ type: 'queue' });
      });
    this.#running = { abort, progress: 0, done };
  }

  /** Ends a pass that runs; resolves when it has ended. */
  async cancel(): Promise<void> {
    this.#running?.abort.abort();
    await this.#running?.done;
  }

  async status(): Promise<Inspection> {
    const { db } = this.#services.database;
    const last = await readSetting<Kept>(db, key);
    const running = this.#running;
    const state = running ? 'running' : this.#failure !== null ? 'failed' : last ? 'done' : 'never';
    const some = (condition: ReturnType<typeof sql>) =>
      sql<number>`count(*) filter (where ${condition})`.mapWith(Number);
    const [found] = await db
      .select({
        mislabelled: some(
          sql`${frameFindings.suspicion} is not null and ${frameFindings.labelRevision} = ${frames.labelRevision}`,
        ),
        outliers: some(sql`${frameFindings.outlier} is not null`),
        duplicates: some(sql`${frameFindings.duplicateOf} is not null`),
        clusters: sql<number>`count(distinct ${frameFindings.cluster})`.mapWith(Number),
      })
      .from(frameFindings)
      .innerJoin(frames, eq(frames.id, frameFindings.frameId));
    return {
      state,
      progress: running?.progress ?? null,
      message: this.#failure,
      last: last && found ? { ...last, ...found } : null,
    };
  }

  async #pass(by: string, signal: AbortSignal): Promise<void> {
    const { database, live } = this.#services;
    const at = new Date(this.#services.now()).toISOString();
    const input = await loadInput(database.db);
    if (!input) throw new LinesideError('dataset_empty', 'No stored frame has an embedding yet.');
    const known = (await allClasses(database.db)).filter(isStanding);
    const place = new Map(known.map(({ id }, index) => [id, index]));
    const labels = Int32Array.from(input.frames, ({ classId }) => place.get(classId ?? '') ?? -1);
    const { features, dimensions, groups } = input;
    const findings = await runLearningJob<'inspect'>(
      { type: 'inspect', input: { features, dimensions, groups, labels, classes: known.length, seed } },
      {
        signal,
        onProgress: ({ done, total }) => {
          if (this.#running) this.#running.progress = done / total;
          live.publish({ type: 'queue' });
        },
      },
    );
    const classIds = known.map(({ id }) => id);
    await this.#keep(input, findings, classIds, {
      at,
      by,
      frames: input.frames.length,
      leftOut: input.leftOut,
    });
  }

  async #keep(
    { frames: rows }: InspectionInput,
    findings: InspectResult,
    classIds: readonly string[],
    kept: Kept,
  ): Promise<void> {
    await this.#services.database.db.transaction(async (tx) => {
      await tx.delete(frameFindings);
      for (let from = 0; from < rows.length; from += rowsPerInsert) {
        const values = rows.slice(from, from + rowsPerInsert).map(({ id, labelRevision }, at) => {
          const { suggested, duplicateOf, ...finding } = findings[from + at]!;
          return {
            ...finding,
            ...{ frameId: id, labelRevision },
            suggestedClassId: suggested === null ? null : classIds[suggested]!,
            duplicateOf: duplicateOf === null ? null : rows[duplicateOf]!.id,
          };
        });
        await tx.insert(frameFindings).values(values);
      }
      await writeSetting(tx, key, kept);
    });
  }
}

const inspectors = new WeakMap<Services, Inspector>();

/** The one inspector of a server. */
export function inspectorOf(services: Services): Inspector {
  const inspector = inspectors.get(services) ?? new Inspector(services);
  inspectors.set(services, inspector);
  return inspector;
}
