import { answerOf, type Said } from '../opinions/verdict.js';

export interface Answered {
  author: string;
  /** `class:<id>` or `unsure`. */
  answer: string;
}

/** Two people who were asked about one frame without knowing of each other. */
export interface Comparison {
  frameId: string;
  first: Answered;
  second: Answered;
  /** What an engineer decided; null: nobody had to. */
  decided: string | null;
}

const answered = (said: Said): Answered => ({ author: said.author, answer: answerOf(said) });
const isAnswer = ({ kind }: Said): boolean => kind === 'class' || kind === 'unsure';
const firsts: readonly Said['source'][] = ['review', 'explorer', 'api'];

/**
 * The comparison that a second opinion asked for by chance gives; null: there is none, or one of the two took the answer back.
 * Other second opinions are asked where labels are in doubt, so they say nothing of labels in general.
 */
export function comparisonOf(frameId: string, history: readonly Said[]): Comparison | null {
  const asked = history.find(({ why, kind }) => why === 'sample' && kind !== 'skip');
  if (!asked) return null;
  const second = newest(
    history.filter(({ author, source }) => author === asked.author && source === asked.source),
  );
  const before = history.filter((said) => said.revision < asked.revision && said.author !== asked.author);
  const first = newest(before.filter(({ source }) => firsts.includes(source)));
  if (!first || !second || !isAnswer(first) || !isAnswer(second)) return null;
  const decision = newest(history.filter(({ source }) => source === 'adjudication'));
  return {
    ...{ frameId, first: answered(first), second: answered(second) },
    decided: decision && isAnswer(decision) ? answerOf(decision) : null,
  };
}

const newest = (history: readonly Said[]): Said | undefined => history.at(-1);

export const agree = ({ first, second }: Comparison): boolean => first.answer === second.answer;

/**
 * Cohen's kappa: how far `one` and `other` agree beyond what their habits alone would bring about.
 * @param pairs what each of them said of the same frames
 */
export function kappa(pairs: readonly (readonly [string, string])[]): number | null {
  const n = pairs.length;
  const share = (side: 0 | 1, answer: string) => pairs.filter((pair) => pair[side] === answer).length / n;
  const observed = pairs.filter(([one, other]) => one === other).length / n;
  const answers = new Set(pairs.flat());
  const expected = [...answers].reduce((sum, answer) => sum + share(0, answer) * share(1, answer), 0);
  return n === 0 || expected === 1 ? null : (observed - expected) / (1 - expected);
}

/** Krippendorff's alpha for names, two answers a frame, whoever gave them. */
export function alpha(pairs: readonly (readonly [string, string])[]): number | null {
  const n = 2 * pairs.length;
  const counts = new Map<string, number>();
  for (const answer of pairs.flat()) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const alike = [...counts.values()].reduce((sum, count) => sum + count * (count - 1), 0);
  const expected = n < 2 ? 0 : 1 - alike / (n * (n - 1));
  const observed = pairs.filter(([one, other]) => one !== other).length / pairs.length;
  return expected === 0 ? null : 1 - observed / expected;
}
