import { desc } from 'drizzle-orm';
import { frames } from '../../db/schema.js';
import type { Services } from '../../services.js';
import { allClasses } from '../classes/standing.js';
import { ruledColumns, tagsOf } from './apply.js';
import { changesOf, compileRules, type Match, needsPicture } from './evaluate.js';
import type { DryRun, FrameRule } from './schemas.js';

const defaultFrames = 2000;
const mostExamples = 5;

/** @throws LinesideError `request_invalid` when a pattern is none */
export async function tryRules(
  services: Services,
  { rules, frames: most = defaultFrames }: { rules: FrameRule[]; frames?: number },
): Promise<DryRun> {
  const { db } = services.database;
  const evaluate = compileRules(rules, await allClasses(db));
  const rows = await db
    .select(ruledColumns)
    .from(frames)
    .orderBy(desc(frames.receivedAt), desc(frames.id))
    .limit(most);
  const open = needsPicture(rules);
  const results = new Map<string, DryRun['rules'][number]>(
    rules.map(({ id }) => [id, { id, matched: 0, applies: 0, labelled: 0, unresolved: 0, examples: [] }]),
  );
  for (const row of rows) {
    const matches = evaluate(row, open ? await tagsOf(services, row) : new Map());
    const { label, prelabel, metadata } = changesOf(row, matches);
    const effective = new Set([label, prelabel, ...metadata]);
    for (const match of matches) {
      const result = results.get(match.rule.id)!;
      result.matched++;
      if (match.gives === null) result.unresolved++;
      else if (effective.has(match)) result.applies++;
      else if (match.rule.action.kind !== 'metadata' && row.labelKind !== null) result.labelled++;
      if (result.examples.length < mostExamples) {
        result.examples.push({ frameId: row.id, text: match.text, gives: inShort(match) });
      }
    }
  }
  return { frames: rows.length, rules: [...results.values()] };
}

const inShort = ({ gives }: Match): string =>
  gives === null ? '' : 'key' in gives ? `${gives.key}=${gives.value}` : gives.classId;
