import { LinesideError, say } from '@lineside/shared';
import { and, gt, isNull, sql } from 'drizzle-orm';
import { classes } from '../../db/schema.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
import { type ChangeRow, changeClasses } from './change.js';
import { listed } from './change-detail.js';
import { reopen } from './reopen.js';
import { freeName, newClass, retire } from './service.js';
import { allClasses, type ClassRow, requireStanding } from './standing.js';

/**
 * Splits a class into new ones: its frames lose their label and wait in the review queue, the ones that the model was least sure
 * of first. One of the parts may have the name of the class.
 * @throws LinesideError `class_unknown`, `conflict` when a class is called like a part, `request_invalid`
 */
export const splitClass = (
  services: Services,
  actor: Actor,
  { classId, into, requestId }: { classId: string; into: readonly string[]; requestId: string },
): Promise<ChangeRow> =>
  changeClasses(services, actor, { requestId, classId }, async (tx, change) => {
    const whole = await requireStanding(tx, classId);
    const rows = await allClasses(tx);
    const parts: ClassRow[] = [];
    for (const given of into) {
      const name = freeName([...rows, ...parts], given, [classId]);
      parts.push({ ...newClass([...rows, ...parts], name), position: whole.position + parts.length });
    }
    if (parts.length < 2) throw new LinesideError('request_invalid', 'A class is split into two or more.');
    await tx
      .update(classes)
      .set({ position: sql`${classes.position} + ${parts.length - 1}` })
      .where(and(isNull(classes.retiredAt), gt(classes.position, whole.position)));
    await retire(tx, classId, change.at);
    await tx.insert(classes).values(parts);
    const names = listed(parts.map(({ name }) => name));
    const reason = say('queue_split', { class: whole.name, parts: names });
    return {
      classId,
      detail: {
        ...{ kind: 'split' as const, name: whole.name },
        into: parts.map(({ id, name }) => ({ id, name })),
        frames: await reopen(tx, change, classId, reason),
      },
    };
  });
