import { LinesideError } from '@lineside/shared';
import { and, desc, eq, inArray, sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { architectures, modelVersions, trainingRuns } from '../../db/schema.js';
import type { Actor } from '../../http/route.js';
import type { Services } from '../../services.js';
import { championId } from '../models/repository.js';
import { defaultArchitecture } from './catalogue.js';
import { rowById } from './repository.js';

const usedBy = (id: string) =>
  sql`(${trainingRuns.options} ->> 'architecture' = ${id} or ${trainingRuns.options} -> 'sweep' -> 'architectures' @> ${JSON.stringify([id])}::jsonb)`;

/** Models that were trained from it hold what they need and stay. @throws LinesideError `not_found`, `conflict` */
export async function removeArchitecture(services: Services, actor: Actor, id: string): Promise<void> {
  if (id === defaultArchitecture) {
    throw new LinesideError('conflict', 'The default architecture comes with the software.');
  }
  await services.database.db.transaction(async (tx) => {
    await rowById(tx, id, 'update');
    await requireUnused(tx, id);
    await tx.delete(architectures).where(eq(architectures.id, id));
  });
  await services.audit.record({ actor: actor.email, action: 'architecture.delete', subject: id });
}

async function requireUnused(tx: DbOrTransaction, id: string): Promise<void> {
  const [run] = await tx
    .select({ number: trainingRuns.number })
    .from(trainingRuns)
    .where(and(inArray(trainingRuns.state, ['queued', 'running']), usedBy(id)))
    .limit(1);
  if (run) throw new LinesideError('conflict', `Training run ${run.number} uses ${id}.`);
  const [last] = await tx
    .select({ number: trainingRuns.number, options: trainingRuns.options })
    .from(trainingRuns)
    .where(
      and(
        eq(trainingRuns.state, 'succeeded'),
        sql`coalesce(${trainingRuns.options} ->> 'kind', 'classifier') = 'classifier'`,
      ),
    )
    .orderBy(desc(trainingRuns.number))
    .limit(1);
  if (last?.options.architecture === id) {
    throw new LinesideError(
      'conflict',
      `Retraining by rule would start from ${id}, as run ${last.number} did.`,
    );
  }
  const champion = await championId(tx);
  if (champion === null) return;
  const [model] = await tx
    .select({ id: modelVersions.id })
    .from(modelVersions)
    .innerJoin(trainingRuns, eq(trainingRuns.id, modelVersions.trainingRunId))
    .where(and(eq(modelVersions.id, champion), usedBy(id)));
  if (model) throw new LinesideError('conflict', `The champion ${model.id} was trained from ${id}.`);
}
