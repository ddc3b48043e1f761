import type { Agreement, LabelRevision } from '../frames/schemas.js';

export type Said = Pick<LabelRevision, 'revision' | 'author' | 'kind' | 'classId' | 'source' | 'why'>;

export interface Verdict {
  /** What each person says now, in the order in which they first said something. */
  opinions: readonly Said[];
  /** Null: at most one person has said something. */
  agreement: Agreement | null;
  /** The opinion that more people have than any other, as first given; null unless they agree. */
  winner: Said | null;
}

/** Unsure is an answer like a class: it can be agreed with and contradicted. */
export const answerOf = ({ kind, classId }: Pick<Said, 'kind' | 'classId'>): string =>
  kind === 'class' ? `class:${classId}` : kind;

/**
 * What people make of a frame, from its whole label history. A person's newest answer is their opinion; whoever takes it
 * back or skips has none. An adjudication ends a dispute. A frame that was sent to the queue begins anew, and so does one
 * whose label somebody replaces outside the queue, in sight of it; where people differ, that is one opinion more.
 */
export function verdict(history: readonly Said[]): Verdict {
  let opinions = new Map<string, Said>();
  let disputed = new Map<string, Said>();
  let adjudicated = false;
  for (const said of history) {
    const { author, kind, source, why } = said;
    if (source === 'known_answer' || source === 'rule') continue;
    if (source === 'class_change') {
      // The class was split: what people said of it says nothing of its parts.
      if (kind === 'retracted') [opinions, adjudicated] = [new Map(), false];
    } else if (source === 'adjudication') {
      if (kind === 'retracted') opinions = new Map(disputed);
      else [disputed, opinions] = [opinions, new Map()];
      adjudicated = kind !== 'retracted';
    } else if (kind === 'retracted' || kind === 'skip' || why === 'undo') {
      opinions.delete(author);
    } else if (!adjudicated || source !== 'second_opinion') {
      const begins = why === 'sent' || (corrections.includes(source) && !isDisputed(opinions));
      if (begins) opinions = new Map();
      adjudicated = false;
      opinions.set(author, said);
    }
  }
  return judge([...opinions.values()], adjudicated);
}

/** Given outside the queue. */
const corrections: readonly Said['source'][] = ['explorer', 'api', 'import'];

const isDisputed = (opinions: ReadonlyMap<string, Said>): boolean =>
  judge([...opinions.values()], false).agreement === 'disputed';

function judge(opinions: readonly Said[], adjudicated: boolean): Verdict {
  if (adjudicated) return { opinions, agreement: 'adjudicated', winner: null };
  if (opinions.length < 2) return { opinions, agreement: null, winner: null };
  const byAnswer = new Map<string, Said[]>();
  for (const said of opinions) byAnswer.set(answerOf(said), [...(byAnswer.get(answerOf(said)) ?? []), said]);
  const [first, second] = [...byAnswer.values()].sort((a, b) => b.length - a.length);
  return first!.length > 1 && first!.length > (second?.length ?? 0)
    ? { opinions, agreement: 'agreed', winner: first![0]! }
    : { opinions, agreement: 'disputed', winner: null };
}
