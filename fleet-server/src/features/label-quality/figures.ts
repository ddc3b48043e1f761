import { proportion } from '../../learning/metrics.js';
import { agree, alpha, type Comparison, kappa } from './compare.js';
import { type Compared, type LabelQuality, mostLinked } from './schemas.js';

type Pair = readonly [string, string];

/** @param comparisons the newest frame first */
function compared(comparisons: readonly Comparison[]): Compared {
  const differing = comparisons.filter((each) => !agree(each));
  return {
    agreed: proportion(comparisons.length - differing.length, comparisons.length),
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
