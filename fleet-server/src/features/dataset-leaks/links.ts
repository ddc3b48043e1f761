import { LinesideError } from '@lineside/shared';
import { and, count, inArray } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { frames, groupLinks } from '../../db/schema.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
import { anyOf } from '../labelling/lock-frames.js';

/** Every pair of frames that a person put into one group. */
export async function allLinks(db: DbOrTransaction): Promise<[string, string][]> {
  const rows = await db.select({ a: groupLinks.frameId, b: groupLinks.otherId }).from(groupLinks);
  return rows.map(({ a, b }) => [a, b]);
}

/** Links each frame with the first one. @throws LinesideError `not_found` */
export async function linkFrames(
  services: Services,
  actor: Actor,
  frameIds: readonly string[],
): Promise<{ linked: number }> {
  const ids = [...new Set(frameIds)];
  const [known] = await services.database.db
    .select({ frames: count() })
    .from(frames)
    .where(inArray(frames.id, anyOf(ids)));
  if (known?.frames !== ids.length)
    throw new LinesideError('not_found', 'Not all of these frames are stored.');
  const [first, ...others] = ids.sort();
  if (others.length === 0) return { linked: 0 };
  const fresh = await services.database.db
    .insert(groupLinks)
    .values(
      others.map((otherId) => ({
        ...{ frameId: first!, otherId, linkedBy: actor.email, linkedAt: new Date(services.now()) },
      })),
    )
    .onConflictDoNothing()
    .returning({ id: groupLinks.otherId });
  await services.audit.record({
    ...{ actor: actor.email, action: 'group.link', subject: first! },
    detail: { frames: fresh.length, frameIds: others.slice(0, 20) },
  });
  return { linked: fresh.length };
}

export async function unlinkFrames(
  services: Services,
  actor: Actor,
  frameIds: readonly string[],
): Promise<{ removed: number }> {
  const gone = await services.database.db
    .delete(groupLinks)
    .where(and(inArray(groupLinks.frameId, anyOf(frameIds)), inArray(groupLinks.otherId, anyOf(frameIds))))
    .returning({ id: groupLinks.otherId });
  await services.audit.record({
    ...{ actor: actor.email, action: 'group.unlink', subject: 'groups' },
    detail: { links: gone.length, frameIds: frameIds.slice(0, 20) },
  });
  return { removed: gone.length };
}
