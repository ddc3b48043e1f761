import t from 'tap';
import { seededRandom } from '../../../src/learning/random.js';
import {
  addTo,
  countOf,
  evidenceAgainst,
  meanUpperBound,
  type Steps,
  sumOf,
} from '../../../src/learning/statistics/bounded-mean.js';

const random = seededRandom(5);
const hit = (share: number) => (random() < share ? 1 : 0);

/** Whether the evidence ever reaches what is needed, and after how many values. */
function firstAlarm(draw: () => number, atMost: number, needed: number, most: number): number | null {
  const steps: Steps = {};
  for (let n = 1; n <= most; n++) {
    addTo(steps, draw());
    if (evidenceAgainst([{ steps, atMost }]) >= needed) return n;
  }
  return null;
}

t.test(
  'while the mean is at its limit, false alarms stay below the bound, looked at after every value',
  async (t) => {
    const alarms = (draw: () => number) =>
      Array.from({ length: 400 }, () => firstAlarm(draw, 0.1, 1 / 0.05, 400)).filter((at) => at !== null)
        .length;
    const ofHits = alarms(() => hit(0.1));
    t.ok(ofHits <= 0.05 * 400 + 3 * Math.sqrt(400 * 0.05 * 0.95), `${ofHits} of 400 with 20 allowed`);
    // Bursts: the share of a block is all or nothing, and its mean is the limit all the same.
    const ofShares = alarms(() => (random() < 0.2 ? 0.5 * 2 * random() : 0));
    t.ok(ofShares <= 0.05 * 400 + 3 * Math.sqrt(400 * 0.05 * 0.95), `${ofShares} of 400 with shares`);
  },
);

t.test('a mean above it is found, the sooner the farther', async (t) => {
  const median = (share: number) => {
    const found = Array.from({ length: 60 }, () => firstAlarm(() => hit(share), 0.1, 1 / 0.01, 2000) ?? 2001);
    return found.sort((a, b) => a - b)[30] ?? 0;
  };
  const [far, near] = [median(0.5), median(0.2)];
  t.ok(far <= 15, `${far} values at 50 %`);
  t.ok(near <= 250 && near > far, `${near} values at 20 %`);
});

t.test('streams with limits of their own add up; nothing seen is no evidence', async (t) => {
  t.equal(evidenceAgainst([]), 1);
  t.equal(evidenceAgainst([{ steps: {}, atMost: 0.1 }]), 1);
  const stream = { steps: { 100: 3, 0: 5 }, atMost: 0.2 };
  t.ok(evidenceAgainst([stream, stream]) > evidenceAgainst([stream]));
  const clean = { steps: { 0: 500 }, atMost: 0.2 };
  t.ok(evidenceAgainst([clean]) < 1e-3);
  t.ok(Number.isFinite(evidenceAgainst([{ steps: { 100: 1e6 }, atMost: 0.01 }])));
});

t.test('values are rounded down and counted', async (t) => {
  const steps: Steps = {};
  for (const value of [0, 0.019, 0.29, 1, 7, -1]) addTo(steps, value);
  t.strictSame(steps, { 0: 2, 1: 1, 29: 1, 100: 2 });
  t.equal(countOf(steps), 6);
  t.ok(Math.abs(sumOf(steps) - 2.3) < 1e-9);
});

t.test('the bound of a mean holds with its confidence', async (t) => {
  let misses = 0;
  for (let run = 0; run < 300; run++) {
    const values = Array.from({ length: 80 }, () => random() ** 3);
    if (meanUpperBound(values, 0.9) < 0.25) misses++;
  }
  t.ok(misses <= 40, `${misses} of 300 below with 30 allowed`);
  t.equal(meanUpperBound([0.1], 0.9), 1);
});
