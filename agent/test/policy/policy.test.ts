import { FlagReason } from '@lineside/shared';
import fc from 'fast-check';
import t from 'tap';
import Value from 'typebox/value';
import { decide } from '../../src/policy/decide.js';
import { disagreement, type FlagContext, flag } from '../../src/policy/flag.js';
import { seededRandom } from '../../src/policy/random.js';

const distribution = fc
  .array(fc.double({ min: 1e-6, max: 1, noNaN: true }), { minLength: 2, maxLength: 12 })
  .map((weights) => {
    const sum = weights.reduce((a, b) => a + b, 0);
    return Float32Array.from(weights, (weight) => weight / sum);
  });
const named = (probabilities: ArrayLike<number>) =>
  Array.from({ length: probabilities.length }, (_, i) => ({ id: `class-${i}` }));

t.test('a decision names the most probable class and keeps every number in range', async () => {
  fc.assert(
    fc.property(distribution, fc.double({ min: 0, max: 1.5, noNaN: true }), (probabilities, threshold) => {
      const classes = named(probabilities);
      const made = decide(probabilities, classes, { threshold });
      const sorted = [...probabilities].sort((a, b) => b - a);
      return (
        made.probabilities[made.classId] === made.confidence &&
        Math.abs(made.confidence - Math.min(1, sorted[0] ?? 0)) < 1e-9 &&
        made.margin >= 0 &&
        Math.abs(made.margin - (made.confidence - Math.min(1, sorted[1] ?? 0))) < 1e-9 &&
        made.accepted === made.confidence >= threshold &&
        Object.keys(made.probabilities).length === classes.length &&
        Object.values(made.probabilities).every((value) => value >= 0 && value <= 1)
      );
    }),
  );
});

t.test('a higher threshold never accepts more', async () => {
  const threshold = fc.double({ min: 0, max: 1.2, noNaN: true });
  fc.assert(
    fc.property(distribution, threshold, threshold, (probabilities, a, b) => {
      const low = decide(probabilities, named(probabilities), { threshold: Math.min(a, b) });
      const high = decide(probabilities, named(probabilities), { threshold: Math.max(a, b) });
      return low.accepted || !high.accepted;
    }),
  );
});

t.test('broken numbers from a model are never accepted', async (t) => {
  const classes = [{ id: 'a' }, { id: 'b' }];
  t.equal(decide([Number.NaN, Number.NaN], classes, { threshold: 0.1 }).accepted, false);
  t.equal(decide([], classes, { threshold: 0.1 }).accepted, false);
  t.equal(decide([1.0000001, -1e-9], classes, { threshold: 1 }).confidence, 1);
  t.equal(
    decide([0.5, 0.5], classes, { threshold: 1.1 }).accepted,
    false,
    'a threshold above 1 decides nothing alone',
  );
  t.equal(decide([0.5, 0.5], classes, { threshold: 0.5 }).classId, 'a');
});

t.test(
  'a class with a threshold of its own is accepted by that one, the others by the common one',
  async (t) => {
    const classes = [{ id: 'ok' }, { id: 'crack' }, { id: 'toString' }];
    const strict = { threshold: 0.8, byClass: [{ classId: 'crack', threshold: 0.95 }] };
    const accepted = (...probabilities: number[]) => decide(probabilities, classes, strict).accepted;
    t.equal(accepted(0.9, 0.1, 0), true);
    t.equal(accepted(0.1, 0.9, 0), false);
    t.equal(accepted(0.04, 0.96, 0), true);
    t.equal(accepted(0.1, 0, 0.9), true, 'a name that every object has is no rule');
    const lenient = { threshold: 1.01, byClass: [{ classId: 'ok', threshold: 0.5 }] };
    t.equal(
      decide([0.6, 0.4, 0], classes, lenient).accepted,
      true,
      'the others deciding nothing does not matter',
    );
    t.equal(decide([0.4, 0.6, 0], classes, lenient).accepted, false);
  },
);

t.test('each reason is given exactly when it holds', async (t) => {
  const quiet = { marginBelow: 0, recordAll: false };
  const kinds = (context: Partial<FlagContext>, policy = quiet) =>
    flag({ audited: false, requested: false, decision: null, ...context }, policy).map(({ kind }) => kind);
  const sure = { accepted: true, margin: 0.9, confidence: 0.95 };
  const unsure = { accepted: false, margin: 0.25, confidence: 0.6 };
  t.same(kinds({ decision: sure }), []);
  t.same(kinds({ decision: unsure }), ['low_confidence']);
  t.same(kinds({}), ['no_model']);
  t.same(kinds({ decision: sure, requested: true }), ['requested']);
  t.same(kinds({ decision: sure, audited: true }, { ...quiet, recordAll: true }), ['audit', 'record']);
  t.same(kinds({ decision: sure }, { ...quiet, marginBelow: 0.91 }), ['small_margin']);
  t.same(kinds({ decision: sure, novel: { kind: 'novel', score: 0.7 } }), ['novel']);
  t.same(kinds({ decision: sure, image: [{ kind: 'image_dark', score: 0.7 }] }), ['image_dark']);
  t.same(flag({ audited: false, requested: false, decision: unsure }, quiet), [
    { kind: 'low_confidence', score: 0.75, detail: 'confidence 0.60, margin 0.25' },
  ]);
  t.match(flag({ audited: false, requested: false, decision: null, failure: 'out of memory' }, quiet), [
    { kind: 'no_model', detail: 'out of memory' },
  ]);
});

t.test('two models that are sure of different things are worth most', async (t) => {
  const said = { agreed: false, version: 'v8', classId: 'scratch', confidence: 0.9 };
  t.equal(disagreement({ confidence: 0.9 }, { ...said, agreed: true }), null);
  const both = disagreement({ confidence: 0.9 }, said);
  const neither = disagreement({ confidence: 0.4 }, { ...said, confidence: 0.4 });
  t.match(both, { kind: 'disagreement', detail: 'v8: scratch, confidence 0.90' });
  t.ok((both?.score ?? 0) > (neither?.score ?? 1));
});

t.test('whatever is known of a frame, its reasons are what the protocol allows', async () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const context = fc.record({
    audited: fc.boolean(),
    requested: fc.boolean(),
    decision: fc.option(fc.record({ accepted: fc.boolean(), margin: share, confidence: share })),
    failure: fc.string({ maxLength: 400 }),
  });
  fc.assert(
    fc.property(context, share, fc.boolean(), (known, marginBelow, recordAll) =>
      flag(known, { marginBelow, recordAll }).every((reason) => Value.Check(FlagReason, reason)),
    ),
  );
});

t.test('random numbers are uniform, and other seeds give others', async (t) => {
  const random = seededRandom(3);
  const buckets = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) {
    const bucket = Math.floor(random() * 10);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  for (const count of buckets) t.ok(count > 850 && count < 1150, String(count));
  const firsts = new Set(Array.from({ length: 100 }, (_, seed) => seededRandom(seed)()));
  t.equal(firsts.size, 100);
});
