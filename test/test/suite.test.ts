import { existsSync } from 'node:fs';
import t from 'tap';
import { inOrder, longest } from '../src/suite/order.js';
import { readTapFile } from '../src/suite/tap-file.js';

const failing = `TAP version 14
# Subtest: frames arrive
    ok 1 - one
    not ok 2 - two
      ---
      diff: |
        -2
        +1
      ...
    1..2
not ok 1 - frames arrive # time=33.1ms
  ---
  at:
    lineNumber: 2
  ...

# Subtest: they are decided
    ok 1 - decided
    1..1
ok 2 - they are decided # time=2ms

ok 3 - on a GPU # SKIP there is none
1..3
`;

t.test('the outermost tests of a file are counted, and a failed one is explained', async (t) => {
  const outcome = readTapFile(failing, false);
  t.match(outcome, { passed: 1, failed: 1, skipped: ['there is none'] });
  const lines = failing.split('\n');
  t.strictSame(outcome.report, [...lines.slice(3, 9), lines[10]]);
});

t.test('a file that ends badly fails, whatever its tests say', async (t) => {
  const good = 'TAP version 14\nok 1 - a\nok 2 - b\n1..2\n';
  t.match(readTapFile(good, true), { passed: 2, failed: 0 });
  t.match(readTapFile(good, false), { passed: 2, failed: 1 });
  t.match(readTapFile('TAP version 14\nok 1 - a\n', true), { passed: 1, failed: 1 });
  t.match(readTapFile('', true), { passed: 0, failed: 1 });
  t.match(readTapFile('TAP version 14\n1..0 # SKIP no tool\n', true), { passed: 0, failed: 0 });
});

t.test('the longest files come first, and they are there', async (t) => {
  t.strictSame(inOrder(['b.test.js', ...[...longest].reverse(), 'a.test.js']), [
    ...longest,
    'a.test.js',
    'b.test.js',
  ]);
  for (const file of longest) t.ok(existsSync(new URL(`../../../${file}`, import.meta.url)), file);
});
