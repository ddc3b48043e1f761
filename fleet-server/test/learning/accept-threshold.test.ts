import fc from 'fast-check';
import t from 'tap';
import {
  acceptRules,
  acceptThreshold,
  defaultDelta,
  neverAccept,
} from '../../src/learning/accept-threshold.js';
import { seededRandom } from '../../src/learning/random.js';
import { binomialAtLeast, binomialAtMost } from '../../src/learning/statistics/binomial.js';
import { normals } from './fixtures.js';

/** Every frame in a group of its own. */
const apart = (count: number): string[] => Array.from({ length: count }, (_, at) => `g${at}`);
const right = (n: number) => Array.from({ length: n }, () => true);
const sure = (n: number) => Array.from({ length: n }, (_, at) => 0.9 + at / 1e4);

t.test('what it accepts passes the exact test on the frames it was made from', async (t) => {
  const frame = fc.record({
    confidence: fc.integer({ min: 0, max: 40 }),
    right: fc.boolean(),
    group: fc.nat(150),
  });
  const frames = fc.array(frame, { maxLength: 400 });
  const mostlyRight = frames.map((all) => all.map((own, at) => ({ ...own, right: own.right || at % 9 > 0 })));
  fc.assert(
    fc.property(fc.oneof(frames, mostlyRight), fc.constantFrom(0.05, 0.1, 0.3), (all, alpha) => {
      const result = acceptThreshold(
        all.map(({ confidence }) => confidence / 40),
        all.map((own) => own.right),
        all.map(({ group }) => String(group)),
        alpha,
      );
      const taken = all.filter(({ confidence }) => confidence / 40 >= result.threshold);
      if (result.threshold === neverAccept) return taken.length === 0 && result.method === 'too-few-frames';
      const accepted = new Set(taken.map(({ group }) => group)).size;
      const errors = new Set(taken.filter((own) => !own.right).map(({ group }) => group)).size;
      return (
        accepted === result.accepted &&
        errors === result.errors &&
        binomialAtMost(errors, accepted, alpha) <= defaultDelta
      );
    }),
  );
  t.pass();
});

t.test('too few frames decide nothing alone: 45 without an error for 5 %, 114 for 2 %', async (t) => {
  for (const [alpha, least] of [
    [0.05, 45],
    [0.02, 114],
  ] as const) {
    const fewer = acceptThreshold(sure(least - 1), right(least - 1), apart(least - 1), alpha);
    t.match(fewer, { threshold: neverAccept, n: least - 1, method: 'too-few-frames' });
    const enough = acceptThreshold(sure(least), right(least), apart(least), alpha);
    t.match(enough, { threshold: 0.9, accepted: least, errors: 0, method: 'fixed-sequence-testing' });
  }
});

t.test('frames of one part count once', async (t) => {
  const bursts = Array.from({ length: 100 }, (_, at) => `part${at % 40}`);
  t.equal(acceptThreshold(sure(100), right(100), bursts, 0.05).threshold, neverAccept);
  t.match(
    acceptThreshold(
      sure(200),
      right(200),
      Array.from({ length: 200 }, (_, at) => `part${at % 50}`),
      0.05,
    ),
    {
      accepted: 50,
      n: 200,
    },
  );
});

t.test('one wrong label at the top asks for more frames, and no more', async (t) => {
  const confidences = Array.from({ length: 400 }, (_, at) => 1 - at / 1000);
  const correct = confidences.map((_, at) => at !== 0);
  t.match(acceptThreshold(confidences, correct, apart(400), 0.05), { accepted: 400, errors: 1 });
});

interface Answer {
  readonly confidence: number;
  readonly right: boolean;
  /** Probability of being right. */
  readonly chance: number;
}

/** The rule of before: lowers the threshold while (errors + 1) / (accepted + 1) stays within alpha. */
function riskControlled(answers: readonly Answer[], alpha: number): number {
  let threshold = neverAccept;
  let errors = 0;
  for (const [at, answer] of answers.entries()) {
    if (!answer.right) errors++;
    const bounded = (errors + 1) / (at + 2) <= alpha;
    if (threshold <= 1 && !bounded) break;
    if (bounded) threshold = answer.confidence;
  }
  return threshold;
}

const guaranteed = (answers: readonly Answer[], alpha: number): number =>
  acceptThreshold(
    answers.map(({ confidence }) => confidence),
    answers.map((answer) => answer.right),
    apart(answers.length),
    alpha,
  ).threshold;

/** Margins of two classes as logistic regression gives them; an overconfident model is right less often than it says. */
const curves = {
  'a good model': { mean: 4, deviation: 2, overconfidence: 0 },
  'a fair model': { mean: 2.5, deviation: 1.8, overconfidence: 0 },
  'an overconfident model': { mean: 3, deviation: 2, overconfidence: 0.5 },
};

const alpha = 0.05;
const repetitions = 200;

for (const [name, curve] of Object.entries(curves)) {
  t.test(`the promise holds in 1 − δ of the training runs: ${name}`, async (t) => {
    const random = seededRandom(7);
    const normal = normals(random);
    const draw = (): Answer => {
      const share = 1 / (1 + Math.exp(-(curve.mean + curve.deviation * normal())));
      const confidence = Math.max(share, 1 - share);
      const chance = confidence - curve.overconfidence * (1 - confidence);
      return { confidence, chance, right: random() < chance };
    };
    const drawSorted = (count: number) =>
      Array.from({ length: count }, draw).sort((a, b) => b.confidence - a.confidence);
    const population = drawSorted(20_000);
    const trueError = (threshold: number): number => {
      const accepted = population.filter(({ confidence }) => confidence >= threshold);
      return accepted.reduce((sum, { chance }) => sum + 1 - chance, 0) / Math.max(1, accepted.length);
    };
    for (const count of [100, 400]) {
      const broken = { before: 0, now: 0 };
      const refuted = { before: 0, now: 0 };
      for (let repetition = 0; repetition < repetitions; repetition++) {
        const calibration = drawSorted(count);
        const fresh = drawSorted(400);
        const rules = { before: riskControlled, now: guaranteed };
        for (const [rule, choose] of Object.entries(rules) as [keyof typeof rules, typeof guaranteed][]) {
          const threshold = choose(calibration, alpha);
          if (threshold <= 1 && trueError(threshold) > alpha) broken[rule]++;
          const accepted = fresh.filter(({ confidence }) => confidence >= threshold);
          const errors = accepted.filter((answer) => !answer.right).length;
          if (binomialAtLeast(errors, accepted.length, alpha) < 0.01) refuted[rule]++;
        }
      }
      const shares = `${count} labels: ${JSON.stringify({ broken, refuted })} of ${repetitions}`;
      t.comment(shares);
      t.ok(broken.now / repetitions <= defaultDelta + 0.03, shares);
      t.ok(broken.before / repetitions > defaultDelta, `the rule of before, ${shares}`);
      t.ok(refuted.now / repetitions <= 0.01, `on fresh frames, ${shares}`);
    }
  });
}

t.test(
  'a class with a share of its own is judged by its own answers alone, the others without it',
  async (t) => {
    // Answered `crack`: one in twenty wrongly. Answered `ok`: never wrongly.
    const predicted = Array.from({ length: 600 }, (_, at) => (at % 2 ? 'crack' : 'ok'));
    const answers = {
      predicted,
      confidences: sure(600),
      correct: predicted.map((answer, at) => answer === 'ok' || at % 40 !== 1),
      groups: apart(600),
    };
    const common = acceptRules(answers, 0.02);
    t.notOk(common.byClass, 'nothing of its own unless asked for');
    t.match(common, acceptThreshold(answers.confidences, answers.correct, answers.groups, 0.02));

    const { byClass, ...others } = acceptRules(answers, 0.02, [{ classId: 'crack', alpha: 0.1 }]);
    t.match(others, { n: 300, accepted: 300, errors: 0, alpha: 0.02 }, 'the others no longer pay for it');
    t.match(byClass, [{ classId: 'crack', n: 300, accepted: 300, errors: 15, alpha: 0.1 }]);

    const strict = acceptRules(answers, 0.05, [{ classId: 'crack', alpha: 0.01 }]).byClass![0]!;
    t.match(
      strict,
      { threshold: neverAccept, method: 'too-few-frames' },
      'a promise that it cannot keep is not made',
    );
    t.match(acceptRules(answers, 0.05, [{ classId: 'new', alpha: 0.05 }]).byClass, [
      { n: 0, threshold: neverAccept },
    ]);
  },
);
