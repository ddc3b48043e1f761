import { sql } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';

/** A longer pause between two answers is none of work: of the time before the second one only what it took counts. */
const pauseSeconds = 60;

export interface Pace {
  author: string;
  answers: number;
  /** Null: too little to tell. */
  perHour: number | null;
}

/** Fewer answers say little about an hour. */
const leastAnswers = 5;

/** How fast people answer in the queue, idle time left out. Answers that were taken back took time too. */
export async function paces(db: DbOrTransaction, since: Date, author?: string): Promise<Pace[]> {
  const { rows } = await db.execute<{ author: string; answers: number; seconds: number }>(sql`
    with answers as (
      select author, least(coalesce(duration_ms, 0) / 1000.0, ${pauseSeconds}::float8) as took,
        extract(epoch from at - lag(at) over (partition by author order by at)) as gap
      from labels
      where at >= ${since.toISOString()}::timestamptz and source in ('review', 'second_opinion', 'known_answer')
        and why is not null and kind in ('class', 'unsure')
        ${author === undefined ? sql`` : sql`and author = ${author}`}
    )
    select author, count(*)::int as answers,
      sum(case when gap <= ${pauseSeconds}::float8 then gap else took end)::float8 as seconds
    from answers group by author order by author`);
  return rows.map(({ author: who, answers, seconds }) => ({
    ...{ author: who, answers: Number(answers) },
    perHour: answers >= leastAnswers && seconds > 0 ? (3600 * answers) / seconds : null,
  }));
}
