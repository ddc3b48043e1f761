import { eq } from 'drizzle-orm';
import type { DbOrTransaction } from '../../db/database.js';
import { runAnswers } from '../../db/schema.js';
import type { JudgedAnswer } from '../../learning/jobs/training.js';
import { proportion } from '../../learning/metrics.js';
import { getRun } from './repository.js';
import type { RunAnswers } from './schemas.js';

const rowsAtOnce = 2_000;
const mostThresholds = 200;
const calibrationParts = 10;
/** A part of fewer says nothing. */
const leastOfPart = 10;

export async function storeAnswers(
  db: DbOrTransaction,
  runId: string,
  answers: readonly JudgedAnswer[],
): Promise<void> {
  for (let from = 0; from < answers.length; from += rowsAtOnce) {
    const rows = answers.slice(from, from + rowsAtOnce).map((answer) => ({ runId, ...answer }));
    await db.insert(runAnswers).values(rows).onConflictDoNothing();
  }
}

/**
 * @param answered of these answers alone, a class
 * @throws LinesideError `not_found`
 */
export async function answersOf(db: DbOrTransaction, runId: string, answered?: string): Promise<RunAnswers> {
  await getRun(db, runId);
  const rows = await db.select().from(runAnswers).where(eq(runAnswers.runId, runId));
  const heldOut = rows.filter(({ basis }) => basis === 'held_out');
  const all = heldOut.length > 0 ? heldOut : rows;
  const shown = answered === undefined ? all : all.filter(({ answer }) => answer === answered);
  const judged = shown.map(({ classId, answer, confidence }) => ({ confidence, right: classId === answer }));
  return { basis: all[0]?.basis ?? null, frames: shown.length, ...summariseAnswers(judged) };
}

interface Judged {
  readonly confidence: number;
  readonly right: boolean;
}

/** What would be decided alone at each threshold, and parts of equal size to compare confidence with truth. */
export function summariseAnswers(answers: readonly Judged[]): Pick<RunAnswers, 'thresholds' | 'calibration'> {
  const surestFirst = [...answers].sort((a, b) => b.confidence - a.confidence);
  const step = Math.ceil(surestFirst.length / mostThresholds);
  const thresholds: RunAnswers['thresholds'] = [];
  let errors = 0;
  let last = 0;
  for (const [at, { confidence, right }] of surestFirst.entries()) {
    if (!right) errors++;
    const alone = at + 1;
    // Frames of equal confidence are decided alone together or not at all.
    if (surestFirst[alone]?.confidence === confidence) continue;
    if (alone - last < step && alone < surestFirst.length) continue;
    thresholds.push({ threshold: confidence, alone, wrong: proportion(errors, alone) });
    last = alone;
  }
  return { thresholds, calibration: calibrationOf(surestFirst.reverse()) };
}

function calibrationOf(leastSureFirst: readonly Judged[]): RunAnswers['calibration'] {
  const { length } = leastSureFirst;
  const parts = Math.min(calibrationParts, Math.floor(length / leastOfPart));
  return Array.from({ length: parts }, (_, part) => {
    const own = leastSureFirst.slice((part * length) / parts, ((part + 1) * length) / parts);
    return {
      frames: own.length,
      confidence: own.reduce((sum, { confidence }) => sum + confidence, 0) / own.length,
      right: proportion(own.filter(({ right }) => right).length, own.length),
    };
  });
}
