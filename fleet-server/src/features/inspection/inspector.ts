import { LinesideError } from '@lineside/shared';
import { count, eq, isNotNull, sql } from 'drizzle-orm';
import { frameFindings, frameHealth, frames } from '../../db/schema.js';
import { readSetting, writeSetting } from '../../db/settings.js';
import type { InspectResult } from '../../learning/jobs/explorer.js';
import { runLearningJob } from '../../learning/worker-client.js';
import type { Services } from '../../services.js';
import { allClasses, isStanding } from '../classes/standing.js';
import { type InspectionInput, loadInput } from './inputs.js';
import { Pass, type PassContext } from './pass.js';
import { checkPictures } from './picture-health.js';
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

/** Pictures are the first half of a pass, embeddings the second. */
const partOf = ({ signal, onProgress }: PassContext, half: 0 | 1): PassContext => ({
  signal,
  onProgress: ({ done, total }) => onProgress({ done: half * total + done, total: 2 * total }),
});

/** Looks the stored frames through, in a process of its own, one pass at a time. */
export class Inspector {
  readonly #services: Services;
  readonly #pass: Pass;

  constructor(services: Services) {
    this.#services = services;
    this.#pass = new Pass(services, 'the frames cannot be looked through');
  }

  start(by: string): void {
    this.#pass.start((context) => this.#work(by, context));
  }

  /** Ends a pass that runs; resolves when it has ended. */
  async cancel(): Promise<void> {
    await this.#pass.cancel();
  }

  async status(): Promise<Inspection> {
    const { db } = this.#services.database;
    const last = await readSetting<Kept>(db, key);
    const pass = this.#pass.status(last !== undefined);
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
    const [bad] = await db
      .select({ frames: count() })
      .from(frameHealth)
      .where(isNotNull(frameHealth.finding));
    return {
      ...pass,
      last: last && found ? { ...last, ...found, badPictures: bad?.frames ?? 0 } : null,
    };
  }

  async #work(by: string, context: PassContext): Promise<void> {
    const { database } = this.#services;
    const at = new Date(this.#services.now()).toISOString();
    await checkPictures(this.#services, partOf(context, 0));
    const input = await loadInput(database.db);
    if (!input) throw new LinesideError('dataset_empty', 'No stored frame has an embedding yet.');
    const known = (await allClasses(database.db)).filter(isStanding);
    const place = new Map(known.map(({ id }, index) => [id, index]));
    const labels = Int32Array.from(input.frames, ({ classId }) => place.get(classId ?? '') ?? -1);
    const { features, dimensions, groups } = input;
    const findings = await runLearningJob<'inspect'>(
      { type: 'inspect', input: { features, dimensions, groups, labels, classes: known.length, seed } },
      partOf(context, 1),
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
