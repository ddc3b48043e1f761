import { proportion } from '../../learning/metrics.js';
import { agree, alpha, type Comparison, kappa } from './compare.js';
import { type Compared, type LabelQuality, mostLinked } from './schemas.js';

type Pair = readonly [string, string];

const compared = (comparisons: readonly Comparison[]): Compared => shareOf(comparisons, agree);

function shareOf<E extends { frameId: string }>(cases: readonly E[], agreed: (each: E) => boolean): Compared {
  const differing = cases.filter((each) => !agreed(each));
  return {
    agreed: proportion(cases.length - differing.length, cases.length),
    differing: differing.slice(0, mostLinked).map(({ frameId }) => frameId),
  };
}

const classOf = (answer: string): string | null =>
  answer === 'unsure' ? null : answer.slice('class:'.length);
const group = <K, V>(values: readonly V[], keysOf: (value: V) => Iterable<K>): Map<K, V[]> => {
  const groups = new Map<K, V[]>();
  for (const value of values) {
    for (const key of new Set(keysOf(value))) groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  return groups;
};

const sides = ({ first, second }: Comparison) => [first, second];

/** What a person said of a frame whose answer is known. */
export interface Checked {
  frameId: string;
  author: string;
  answer: string;
  known: string;
}

const isRight = ({ answer, known }: Checked): boolean => answer === `class:${known}`;

/** @param checked the newest frame first */
export function ofChecks(author: string, checked: readonly Checked[]) {
  const mine = checked.filter((each) => each.author === author);
  return {
    knownAnswers: shareOf(mine, isRight),
    knownByClass: [...group(mine, ({ known }) => [known])].map(([classId, theirs]) => ({
      classId,
      ...shareOf(theirs, isRight),
    })),
  };
}

/** What the comparisons say of one person. */
export function ofPerson(author: string, comparisons: readonly Comparison[]) {
  const mine = comparisons.filter((each) => sides(each).some((side) => side.author === author));
  const said = (each: Comparison) => sides(each).find((side) => side.author === author)!.answer;
  const decided = mine.filter((each) => !agree(each) && each.decided !== null);
  const upheld = decided.filter((each) => each.decided === said(each)).length;
  return {
    secondOpinions: compared(mine),
    upheld: proportion(upheld, decided.length),
    byClass: [...group(mine, (each) => [said(each)])].map(([answer, theirs]) => ({
      classId: classOf(answer),
      ...compared(theirs),
    })),
  };
}

/** What the comparisons say of people two by two, of classes, and of everybody. */
export function ofAll(comparisons: readonly Comparison[]): Pick<LabelQuality, 'pairs' | 'classes' | 'all'> {
  const answers = (each: Comparison): Pair => [each.first.answer, each.second.answer];
  const people = (each: Comparison) =>
    sides(each)
      .map(({ author }) => author)
      .sort();
  const pairs = group(comparisons, (each) => [JSON.stringify(people(each))]);
  return {
    pairs: [...pairs].map(([key, theirs]) => {
      const [one, other] = JSON.parse(key) as [string, string];
      const inOrder = theirs.map((each): Pair => {
        const [a, b] = answers(each);
        return each.first.author === one ? [a, b] : [b, a];
      });
      return { one, other, kappa: kappa(inOrder), ...compared(theirs) };
    }),
    classes: [...group(comparisons, answers)].map(([answer, theirs]) => ({
      classId: classOf(answer),
      ...compared(theirs),
    })),
    all: { alpha: alpha(comparisons.map(answers)), ...compared(comparisons) },
  };
}
