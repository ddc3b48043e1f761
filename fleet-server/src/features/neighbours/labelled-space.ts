import { and, desc, eq, isNotNull } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { frames } from '../../db/schema.js';
import { embeddings } from '../frames/embeddings.js';
import { type Near, UnitIndex } from './unit-index.js';

/** Looked through: the newest labelled ones … */
const mostFrames = 20_000;
/** … as far as their embeddings take no more than 128 MiB. */
const mostNumbers = 32 * 1024 * 1024;
const framesPerRead = 500;
const freshMs = 5000;

/**
 * The embeddings of labelled frames in one space, in memory. An embedding never changes within its space, so that bringing
 * it up to date reads only those that were labelled since.
 */
export class LabelledSpace {
  readonly #db: Db;
  readonly #space: string;
  readonly #index: UnitIndex;
  readonly #dimensions: number;
  #refreshing: Promise<void> | null = null;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(db: Db, space: string, dimensions: number) {
    this.#db = db;
    this.#space = space;
    this.#dimensions = dimensions;
    this.#index = new UnitIndex(dimensions);
  }

  /** Whoever asks first waits until it is read; later ones get what is there while it is brought up to date. */
  async nearest(vector: Float32Array, wanted: number): Promise<Near[]> {
    if (vector.length !== this.#dimensions) return [];
    const empty = this.#index.ids.length === 0;
    const refreshed = this.#refresh(empty);
    if (empty) await refreshed;
    return this.#index.nearest(vector, wanted);
  }

  /** Resolves when nothing is read any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#refreshing?.catch(() => undefined);
  }

  #refresh(now: boolean): Promise<void> {
    if (this.#refreshing) return this.#refreshing;
    if (!now && performance.now() - this.#refreshedAt < freshMs) return Promise.resolve();
    this.#refreshing = this.#read().finally(() => {
      this.#refreshedAt = performance.now();
      this.#refreshing = null;
    });
    // In the background a failure is tried again with the next question.
    if (!now) this.#refreshing.catch(() => undefined);
    return this.#refreshing;
  }

  async #read(): Promise<void> {
    const labelled = await this.#db
      .select({ id: frames.id })
      .from(frames)
      .where(
        and(
          eq(frames.embeddingSpace, this.#space),
          eq(frames.labelKind, 'class'),
          isNotNull(frames.labelClassId),
        ),
      )
      .orderBy(desc(frames.receivedAt), desc(frames.id))
      .limit(Math.min(mostFrames, Math.floor(mostNumbers / this.#dimensions)));
    const wanted = new Set(labelled.map(({ id }) => id));
    const fresh = [...wanted].filter((id) => !this.#index.has(id));
    for (let from = 0; from < fresh.length && !this.#stopped; from += framesPerRead) {
      const { ids, rows } = await embeddings(
        this.#db,
        fresh.slice(from, from + framesPerRead),
        this.#dimensions,
      );
      this.#index.add(ids, rows);
    }
    this.#index.keep(wanted);
  }
}
