import { join } from 'node:path';
import { LinesideError } from '@lineside/shared';
import { and, count, eq, isNotNull, sql } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { framePlaces, frames } from '../../db/schema.js';
import { readSetting, writeSetting } from '../../db/settings.js';
import { runLearningJob } from '../../learning/worker-client.js';
import type { Services } from '../../services.js';
import { withWorkFolder } from '../models/work-folder.js';
import { writeEmbeddings } from './embedding-file.js';
import { commonSpace } from './inputs.js';
import { Pass, type PassContext } from './pass.js';
import type { UmapStatus } from './schemas.js';

const key = 'umap';
const seed = 1;
const mostFitted = 20_000;
/** Older frames are left out. */
const mostFrames = 100_000;
const rowsPerInsert = 2000;

interface Kept {
  /** ISO text */
  at: string;
  by: string;
  frames: number;
  fitted: number;
  /** Frames it was made of, see `stateOf`. */
  state: string;
}

/** Which frames with an embedding there are: the same text, the same map. */
async function stateOf(db: Db): Promise<string | null> {
  const space = await commonSpace(db);
  if (space === null) return null;
  const [row] = await db
    .select({
      frames: count(),
      sum: sql<string>`coalesce(sum(hashtextextended(${frames.id}, 0)::numeric), 0)::text`,
    })
    .from(frames)
    .where(and(eq(frames.embeddingSpace, space), isNotNull(frames.embedding)));
  return JSON.stringify([space, row?.frames ?? 0, row?.sum ?? '']);
}

/** Lays the stored frames out by UMAP, in a process of its own, one map at a time. */
export class MapMaker {
  readonly #services: Services;
  readonly #pass: Pass;

  constructor(services: Services) {
    this.#services = services;
    this.#pass = new Pass(services, 'the map of the frames cannot be made');
  }

  /** A map of the frames of now that is there already is kept. */
  start(by: string): void {
    this.#pass.start((context) => this.#work(by, context));
  }

  /** Ends the making of a map; resolves when it has ended. */
  async cancel(): Promise<void> {
    await this.#pass.cancel();
  }

  async status(): Promise<UmapStatus> {
    const { db } = this.#services.database;
    const last = await readSetting<Kept>(db, key);
    const pass = this.#pass.status(last !== undefined);
    const kept = last && { at: last.at, by: last.by, frames: last.frames, fitted: last.fitted };
    return {
      ...pass,
      last: kept ? { ...kept, current: last.state === (await stateOf(db)) } : null,
    };
  }

  async #work(by: string, context: PassContext): Promise<void> {
    const { database, dataDir } = this.#services;
    const { db } = database;
    const state = await stateOf(db);
    const space = await commonSpace(db);
    if (state === null || space === null) {
      throw new LinesideError('dataset_empty', 'No stored frame has an embedding yet.');
    }
    if ((await readSetting<Kept>(db, key))?.state === state) return;
    const at = new Date(this.#services.now()).toISOString();
    await withWorkFolder(dataDir, async (folder) => {
      const path = join(folder, 'embeddings');
      const { ids, dimensions } = await writeEmbeddings(db, path, space, mostFrames);
      if (ids.length === 0) throw new LinesideError('dataset_empty', 'No stored frame has an embedding yet.');
      const { x, y, fitted } = await runLearningJob<'umap'>(
        { type: 'umap', input: { path, count: ids.length, dimensions, mostFitted, seed } },
        context,
      );
      await db.transaction(async (tx) => {
        await tx.delete(framePlaces);
        for (let from = 0; from < ids.length; from += rowsPerInsert) {
          const some = ids.slice(from, from + rowsPerInsert);
          await tx
            .insert(framePlaces)
            .values(some.map((frameId, n) => ({ frameId, x: x[from + n]!, y: y[from + n]! })));
        }
        await writeSetting(tx, key, { at, by, frames: ids.length, fitted, state } satisfies Kept);
      });
    });
  }
}

const makers = new WeakMap<Services, MapMaker>();

/** The one map maker of a server. */
export function mapMakerOf(services: Services): MapMaker {
  const maker = makers.get(services) ?? new MapMaker(services);
  makers.set(services, maker);
  return maker;
}
