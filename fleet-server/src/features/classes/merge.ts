import { LinesideError } from '@lineside/shared';
import { eq } from 'drizzle-orm';
import { classes } from '../../db/schema.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
import { type ChangeRow, changeClasses } from './change.js';
import { moveBoxes } from './move-boxes.js';
import { moveLabels } from './move-labels.js';
import { retire } from './service.js';
import { requireStanding } from './standing.js';

/**
 * Merges a class into another: whatever is labelled with it has the other class from now on, by revisions of its own.
 * @throws LinesideError `class_unknown`, `request_invalid` when both are the same
 */
export const mergeClass = (
  services: Services,
  actor: Actor,
  { classId, into, requestId }: { classId: string; into: string; requestId: string },
): Promise<ChangeRow> =>
  changeClasses(services, actor, { requestId, classId }, async (tx, change) => {
    if (classId === into) throw new LinesideError('request_invalid', 'A class cannot be merged into itself.');
    const row = await requireStanding(tx, classId);
    const target = await requireStanding(tx, into);
    const followers = await tx
      .update(classes)
      .set({ mergedInto: into })
      .where(eq(classes.mergedInto, classId))
      .returning({ id: classes.id });
    await retire(tx, classId, change.at, into);
    return {
      classId,
      detail: {
        ...{ kind: 'merge' as const, name: row.name, into, intoName: target.name },
        redirected: followers.map(({ id }) => id),
        frames: await moveLabels(tx, change, classId, into),
        boxes: await moveBoxes(tx, change, classId, into),
      },
    };
  });
