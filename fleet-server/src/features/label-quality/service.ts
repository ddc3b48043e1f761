import { and, asc, count, desc, eq, gte, inArray, sql } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { frames, knownAnswers, labels, reviewItems, users } from '../../db/schema.js';
import { type Actor, mayAs } from '../../http/route.js';
import { allClasses, standingIn } from '../classes/standing.js';
import { countKnown } from '../known-answers/marks.js';
import { furtherAsks } from '../opinions/next-ask.js';
import { answerOf, type Said } from '../opinions/verdict.js';
import { type Comparison, comparisonOf } from './compare.js';
import { type Checked, ofAll, ofChecks, ofPerson } from './figures.js';
import { paces } from './pace.js';
import type { Compared, LabelQuality } from './schemas.js';

const dayMs = 24 * 3_600_000;
type Person = LabelQuality['people'][number];

/** What second opinions say of people and classes; of an operator's own labels alone, if one asks. */
export async function labelQuality(
  db: Db,
  actor: Actor,
  { days, nowMs }: { days: number; nowMs: number },
): Promise<LabelQuality> {
  const own = !mayAs(actor.role, 'engineer');
  const since = new Date(nowMs - days * dayMs);
  const comparisons = await compareSince(db, since);
  const checked = await checkedSince(db, since);
  const pace = new Map((await paces(db, since)).map((each) => [each.author, each]));
  const known = await db.select({ email: users.email, name: users.name }).from(users);
  const names = new Map(known.map(({ email, name }) => [email, name]));
  const compared = comparisons.flatMap(({ first, second }) => [first.author, second.author]);
  const authors = own ? [actor.email] : [...new Set([...pace.keys(), ...compared])].sort();
  const people = authors.map((author): Person => {
    const { answers = 0, perHour = null } = pace.get(author) ?? {};
    const name = names.get(author) ?? author;
    return {
      ...{ author, name, answers, perHour },
      ...ofPerson(author, comparisons),
      ...ofChecks(author, checked),
    };
  });
  const figures = own ? ofAll([]) : ofAll(comparisons);
  return {
    ...{ days, own, people: own ? people.map(withoutFrames) : people, ...figures },
    ...{ awaited: await awaited(db), disputed: await disputed(db) },
    known: await countKnown(db),
  };
}

const withoutFrames = (person: Person): Person => {
  const bare = <C extends Compared>(of: C): C => ({ ...of, differing: [] });
  return {
    ...person,
    secondOpinions: bare(person.secondOpinions),
    byClass: person.byClass.map((each) => bare(each)),
    knownAnswers: bare(person.knownAnswers),
    knownByClass: person.knownByClass.map((each) => bare(each)),
  };
};

/** Newest frames first; each person's newest answer to a known answer. */
async function checkedSince(db: Db, since: Date): Promise<Checked[]> {
  const now = standingIn(await allClasses(db));
  const rows = await db
    .select({ label: labels, known: knownAnswers.classId })
    .from(labels)
    .innerJoin(knownAnswers, eq(knownAnswers.frameId, labels.frameId))
    .where(
      and(
        eq(labels.source, 'known_answer'),
        gte(labels.at, since),
        inArray(labels.kind, ['class', 'unsure']),
        sql`not exists (select 1 from labels newer where newer.frame_id = ${labels.frameId}
          and newer.author = ${labels.author} and newer.revision > ${labels.revision})`,
      ),
    )
    .orderBy(desc(labels.frameId), asc(labels.author));
  const meant = (id: string) => now(id)?.id ?? id;
  return rows.map(({ label: { frameId, author, kind, classId }, known }) => ({
    ...{ frameId, author, known: meant(known) },
    answer: answerOf({ kind, classId: classId && meant(classId) }),
  }));
}

/** Newest frames first. */
async function compareSince(db: Db, since: Date): Promise<Comparison[]> {
  const sampled = db
    .select({ id: labels.frameId })
    .from(labels)
    .where(and(eq(labels.why, 'sample'), gte(labels.at, since)));
  const rows = await db
    .select()
    .from(labels)
    .where(inArray(labels.frameId, sampled))
    .orderBy(asc(labels.frameId), asc(labels.revision));
  const now = standingIn(await allClasses(db));
  const histories = new Map<string, Said[]>();
  for (const { frameId, ...row } of rows) {
    const said = { ...row, classId: row.classId && (now(row.classId)?.id ?? row.classId) };
    const history = histories.get(frameId);
    if (history) history.push(said);
    else histories.set(frameId, [said]);
  }
  return [...histories].reverse().flatMap(([frameId, history]) => comparisonOf(frameId, history) ?? []);
}

async function awaited(db: Db): Promise<number> {
  const [row] = await db
    .select({ frames: count() })
    .from(reviewItems)
    .where(and(eq(reviewItems.state, 'queued'), inArray(reviewItems.asked, [...furtherAsks])));
  return row?.frames ?? 0;
}

async function disputed(db: Db): Promise<number> {
  const [row] = await db.select({ frames: count() }).from(frames).where(eq(frames.agreement, 'disputed'));
  return row?.frames ?? 0;
}
