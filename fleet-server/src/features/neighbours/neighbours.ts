import { LinesideError } from '@lineside/shared';
import { and, eq, inArray, isNotNull, ne, notExists, sql } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { frames, knownAnswers, reviewItems } from '../../db/schema.js';
import type { Services } from '../../services.js';
import { embeddings } from '../frames/embeddings.js';
import { furtherAsks } from '../opinions/next-ask.js';
import { LabelledSpace } from './labelled-space.js';
import { mostNeighbours, type Neighbour } from './schemas.js';

/** So many of the nearest are looked at, because some may not be shown. */
const considered = 8 * mostNeighbours;
/** Spaces in memory: that of the champion, and the one before while frames are embedded anew. */
const mostSpaces = 2;
const pictureWidth = 256;

/**
 * Labelled frames beside one that waits for its label. They are the same whoever asks and for whatever: neither they nor their
 * absence tells that somebody is asked for a further opinion or about a known answer.
 */
export class Neighbours {
  readonly #db: Db;
  readonly #spaces = new Map<string, LabelledSpace>();

  constructor({ database }: Pick<Services, 'database'>) {
    this.#db = database.db;
  }

  /** The most alike first; none when the frame has no embedding. @throws LinesideError `not_found` */
  async of(frameId: string, limit: number): Promise<Neighbour[]> {
    const [frame] = await this.#db
      .select({ space: frames.embeddingSpace, sha256: frames.imageSha256 })
      .from(frames)
      .where(eq(frames.id, frameId));
    if (!frame) throw new LinesideError('not_found', `There is no frame ${frameId}.`);
    if (!frame.space) return [];
    const { rows: vector, ids } = await embeddings(this.#db, [frameId], null);
    if (ids.length === 0) return [];
    const near = await this.#spaceOf(frame.space, vector.length).nearest(vector, considered);
    const labels = await shownLabels(
      this.#db,
      near.map(({ id }) => id).filter((id) => id !== frameId),
      frame.sha256,
    );
    return near
      .flatMap(({ id, similarity }) => {
        const classId = labels.get(id);
        const pictureUrl = `/api/v1/frames/${id}/image?width=${pictureWidth}`;
        return classId === undefined ? [] : { frameId: id, classId, similarity, pictureUrl };
      })
      .slice(0, limit);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#spaces.values()].map((space) => space.stop()));
    this.#spaces.clear();
  }

  /** The one used last is the last of the map. */
  #spaceOf(name: string, dimensions: number): LabelledSpace {
    const key = `${name} ${dimensions}`;
    const space = this.#spaces.get(key) ?? new LabelledSpace(this.#db, name, dimensions);
    this.#spaces.delete(key);
    this.#spaces.set(key, space);
    for (const [oldest, unused] of this.#spaces) {
      if (this.#spaces.size <= mostSpaces) break;
      this.#spaces.delete(oldest);
      void unused.stop();
    }
    return space;
  }
}

/**
 * Labels of now that may be seen beside another frame, by frame. A copy of the same picture would give away what somebody said
 * of it; the label of a known answer, or of a frame that is out for a further opinion, is not to be known.
 */
async function shownLabels(
  db: Db,
  ids: readonly string[],
  exceptPicture: string,
): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: frames.id, classId: frames.labelClassId })
    .from(frames)
    .where(
      and(
        inArray(frames.id, [...ids]),
        eq(frames.labelKind, 'class'),
        isNotNull(frames.labelClassId),
        ne(frames.imageSha256, exceptPicture),
        sql`${frames.agreement} is distinct from 'disputed'`,
        notExists(db.select({ one: sql`1` }).from(knownAnswers).where(eq(knownAnswers.frameId, frames.id))),
        notExists(
          db
            .select({ one: sql`1` })
            .from(reviewItems)
            .where(
              and(
                eq(reviewItems.frameId, frames.id),
                eq(reviewItems.state, 'queued'),
                inArray(reviewItems.asked, [...furtherAsks]),
              ),
            ),
        ),
      ),
    );
  return new Map(rows.map(({ id, classId }) => [id, classId!]));
}
