import { randomUUID } from 'node:crypto';
import { LinesideError } from '@lineside/shared';
import { classes } from '../../db/schema.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
import { nextColour } from './palette.js';
import { listClasses, lockClasses } from './repository.js';
import type { ClassItem } from './schemas.js';
import { slug } from './slug.js';

/**
 * Adds a class at the end. Its id is the slug of its name, or a random one for a name without Latin letters.
 * @throws LinesideError `conflict` when a class has the name or the id already, `request_invalid`
 */
export async function createClass(
  services: Services,
  actor: Actor,
  body: { name: string; colour?: string },
): Promise<ClassItem> {
  const name = body.name.trim();
  if (name === '') throw new LinesideError('request_invalid', 'The name is empty.');
  const id = slug(name) || `class-${randomUUID().slice(0, 8)}`;
  const item = await services.database.db.transaction(async (tx) => {
    await lockClasses(tx);
    const existing = await listClasses(tx);
    if (existing.some((other) => other.id === id || other.name === name)) {
      throw new LinesideError('conflict', `There is a class ${name} already.`);
    }
    const row = {
      id,
      name,
      colour: body.colour ?? nextColour(existing.map((other) => other.colour)),
      position: Math.max(-1, ...existing.map((other) => other.position)) + 1,
    };
    await tx.insert(classes).values(row);
    return { ...row, labels: 0 };
  });
  await services.audit.record({ actor: actor.email, action: 'class.create', subject: id, detail: { name } });
  services.live.publish({ type: 'models' });
  return item;
}
