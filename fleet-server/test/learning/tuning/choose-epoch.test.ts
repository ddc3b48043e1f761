import t from 'tap';
import { chooseEpoch, type JudgedRows } from '../../../src/learning/tuning/choose-epoch.js';
import { tuningSplits } from '../../../src/learning/tuning/splits.js';

const count = 60;
const labels = Int32Array.from({ length: count }, (_, row) => row % 2);

/** Answers that are right with this margin, but for every `wrongEvery`th row. */
const answers = (margin: number, wrongEvery: number): Float64Array =>
  Float64Array.from({ length: 2 * count }, (_, at) => {
    const row = Math.floor(at / 2);
    const right = at % 2 === labels[row];
    return (row % wrongEvery === 0) === right ? 0 : margin;
  });

const judged = (logits: Float64Array[], group = (row: number) => String(row)): JudgedRows => ({
  logits,
  labels,
  groups: Array.from(labels.keys(), group),
  weights: new Float64Array(count).fill(1),
  classes: 2,
});

t.test('an epoch that is clearly better is chosen, and its figures are told', async (t) => {
  const choice = chooseEpoch(judged([answers(2, 3), answers(2, 4), answers(2, 30), answers(2, 10)]));
  t.equal(choice.epoch, 2);
  t.ok(choice.gain > choice.gainError);
  t.equal(choice.table[2]!.accuracy, 1 - 2 / count);
  t.equal(choice.table.length, 4);
});

t.test('an epoch before the weights have settled is not chosen, however good', async (t) => {
  const rows = judged([answers(2, 3), answers(2, 4), answers(2, 30), answers(2, 10)]);
  const choice = chooseEpoch(rows, 2);
  t.match(choice, { epoch: 3, best: 3 });
  t.equal(choice.table.length, 4);
});

t.test('what may be chance leaves the backbone as it was', async (t) => {
  const choice = chooseEpoch(judged([answers(2, 12), answers(2, 12)]));
  t.equal(choice.epoch, 0);
  t.equal(choice.best, 1, 'whoever asked for fine-tuning gets its best epoch');
});

t.test('rows of one group are one observation', async (t) => {
  const rows = [answers(2, 6), answers(2, 7)];
  const alone = chooseEpoch(judged(rows));
  const together = chooseEpoch(judged(rows, (row) => String(Math.floor(row / 20))));
  t.equal(together.gain, alone.gain);
  t.not(together.gainError, alone.gainError);
});

t.test('splits judge every row once when there are few, a quarter when there are many', async (t) => {
  const groups = Array.from(labels, (_, row) => `tile ${Math.floor(row / 3)}`);
  const splits = tuningSplits(labels, groups, 2, 1);
  t.equal(splits.length, 3);
  t.strictSame(
    splits.flatMap(({ held }) => [...held]).sort((a, b) => a - b),
    [...labels.keys()],
  );
  for (const { train, held } of splits) {
    const trained = new Set(Array.from(train, (row) => groups[row]));
    t.notOk(
      Array.from(held).some((row) => trained.has(groups[row])),
      'no group on both sides',
    );
  }
  const many = Int32Array.from({ length: 500 }, (_, row) => row % 2);
  const [only, ...others] = tuningSplits(
    many,
    Array.from(many, (_, row) => String(row)),
    2,
    1,
  );
  t.equal(others.length, 0);
  t.equal(only!.held.length, 125);
  t.strictSame(
    tuningSplits(
      labels,
      Array.from(labels, () => 'one tile'),
      2,
      1,
    ),
    [],
    'one group: none',
  );
});
