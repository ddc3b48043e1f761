import { asc, eq, inArray } from 'drizzle-orm';
import type { Transaction } from '../../db/retried-transaction.js';
import { frames, knownAnswers, labels, reviewItems } from '../../db/schema.js';
import { allClasses, standingIn } from '../classes/standing.js';
import { type AskFacts, isFurther, nextAsk } from './next-ask.js';
import { isChosen, samplingSalt } from './sampling.js';
import type { OpinionSettings } from './schemas.js';
import { opinionSettings } from './settings.js';
import { answerOf, type Said, type Verdict, verdict } from './verdict.js';

/** So long the first person may take an answer back before somebody else is asked. */
const undoMs = 10 * 60_000;

type FrameRow = Pick<
  typeof frames.$inferSelect,
  'id' | 'labelRevision' | 'labelKind' | 'labelClassId' | 'agreement' | 'decision'
>;
type ItemRow = typeof reviewItems.$inferSelect;

/**
 * Brings frames in step with their label histories, in the transaction that added to them: whether people agree, which
 * label stands, and whether one more person is asked. The caller has locked the rows of `review_items`.
 */
export async function settle(tx: Transaction, frameIds: readonly string[], at: Date): Promise<void> {
  if (frameIds.length === 0) return;
  const ids = [...frameIds];
  const settings = await opinionSettings(tx);
  const salt = await samplingSalt(tx);
  const known = new Set(
    (
      await tx
        .select({ id: knownAnswers.frameId })
        .from(knownAnswers)
        .where(inArray(knownAnswers.frameId, ids))
    ).map(({ id }) => id),
  );
  const histories = await historiesOf(tx, ids);
  const items = await tx.select().from(reviewItems).where(inArray(reviewItems.frameId, ids));
  const itemOf = new Map(items.map((item) => [item.frameId, item]));
  const rows = await tx
    .select({
      ...{ id: frames.id, labelRevision: frames.labelRevision, labelKind: frames.labelKind },
      ...{ labelClassId: frames.labelClassId, agreement: frames.agreement, decision: frames.decision },
    })
    .from(frames)
    .where(inArray(frames.id, ids));
  for (const frame of rows) {
    const history = histories.get(frame.id) ?? [];
    const found = verdict(history);
    await stand(tx, frame, history, found);
    const item = itemOf.get(frame.id);
    if (item)
      await ask(
        tx,
        item,
        { ...facts(frame, item, found, settings, { salt, known: known.has(frame.id) }), verdict: found },
        at,
      );
  }
}

const perPass = 500;

/** After classes were merged, or that was undone: people who differed may agree now, and the other way round. */
export async function settleAnew(tx: Transaction, at: Date): Promise<void> {
  const judged = await tx
    .select({ id: frames.id })
    .from(frames)
    .where(inArray(frames.agreement, ['agreed', 'disputed']));
  for (let from = 0; from < judged.length; from += perPass) {
    await settle(
      tx,
      judged.slice(from, from + perPass).map(({ id }) => id),
      at,
    );
  }
}

/** In the classes of now: who said what has been merged since says the same. */
async function historiesOf(tx: Transaction, ids: string[]): Promise<Map<string, Said[]>> {
  const now = standingIn(await allClasses(tx));
  const rows = await tx
    .select({
      ...{ frameId: labels.frameId, revision: labels.revision, author: labels.author, kind: labels.kind },
      ...{ classId: labels.classId, source: labels.source, why: labels.why },
    })
    .from(labels)
    .where(inArray(labels.frameId, ids))
    .orderBy(asc(labels.frameId), asc(labels.revision));
  const histories = new Map<string, Said[]>();
  for (const { frameId, ...row } of rows) {
    const said = { ...row, classId: row.classId && (now(row.classId)?.id ?? row.classId) };
    const history = histories.get(frameId);
    if (history) history.push(said);
    else histories.set(frameId, [said]);
  }
  return histories;
}

/** The label follows the answer that people agree on, and leaves a second opinion that was taken back. */
async function stand(tx: Transaction, frame: FrameRow, history: readonly Said[], found: Verdict) {
  const { winner, opinions, agreement } = found;
  const current = history.find(({ revision }) => revision === frame.labelRevision);
  const withdrawn =
    current?.source === 'second_opinion' &&
    !opinions.some(({ author, revision }) => author === current.author && revision >= current.revision);
  const differs =
    winner !== null &&
    (frame.labelKind === null ||
      answerOf({ kind: frame.labelKind, classId: frame.labelClassId }) !== answerOf(winner));
  const standing = differs ? winner : withdrawn && agreement !== 'adjudicated' ? opinions[0] : undefined;
  if (!standing && frame.agreement === agreement) return;
  await tx
    .update(frames)
    .set({
      agreement,
      ...(standing && {
        ...{ labelRevision: standing.revision, labelKind: standing.kind, labelClassId: standing.classId },
      }),
    })
    .where(eq(frames.id, frame.id));
}

function facts(
  { id, decision }: FrameRow,
  item: ItemRow,
  { opinions: [only] }: Verdict,
  { secondOpinions, sureModel }: OpinionSettings,
  { salt, known }: { salt: string; known: boolean },
): Omit<AskFacts, 'verdict'> {
  const said = item.prelabelClassId ?? decision?.classId ?? null;
  const sure = (item.prelabelClassId ? item.prelabelConfidence : decision?.confidence) ?? 0;
  return {
    sampled: isChosen(salt, 'second opinion', id, secondOpinions),
    contradicts:
      sureModel !== null &&
      sure >= sureModel &&
      only?.kind === 'class' &&
      said !== null &&
      only.classId !== said,
    known,
  };
}

async function ask(tx: Transaction, item: ItemRow, given: AskFacts, at: Date): Promise<void> {
  const waits = item.state === 'queued';
  const further = isFurther(item.asked);
  // Waiting for its label: nobody else is asked before it has one.
  if (waits && !further) return;
  const wanted = nextAsk(given);
  if (wanted === null) {
    const nobody = given.verdict.opinions.length === 0;
    // A second person who is asked already is asked still, as long as there is nothing but the first answer.
    const goesOn = waits && item.asked !== 'disagreement' && given.verdict.agreement === null && !given.known;
    if (nobody && further) await set(tx, item, { asked: 'order', availableAt: null });
    else if (waits && !goesOn) await set(tx, item, done);
  } else if (!waits || item.asked !== wanted) {
    const availableAt = wanted === 'disagreement' ? at : new Date(at.getTime() + undoMs);
    await set(tx, item, { asked: wanted, state: 'queued', availableAt });
  }
}

const done = { state: 'answered', leaseUserId: null, leaseExpiresAt: null } as const;

const set = (tx: Transaction, { frameId }: ItemRow, change: Partial<ItemRow>) =>
  tx.update(reviewItems).set(change).where(eq(reviewItems.frameId, frameId));
