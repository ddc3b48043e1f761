import t from 'tap';
import { joinNearNumbers } from '../src/bench/learning/near-numbers.js';

t.test('running numbers that are near each other are one group', async (t) => {
  t.strictSame(joinNearNumbers(['743', '1000', '700', '1061', '1000', '790'], 60), [
    ...['700', '1000', '700', '1061', '1000', '700'],
  ]);
  t.strictSame(joinNearNumbers(['3', '1', '2'], 0), ['3', '1', '2']);
  t.throws(() => joinNearNumbers(['12', 'a3'], 60), /a3/);
});
