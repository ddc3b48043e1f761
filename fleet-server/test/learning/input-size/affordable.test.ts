import t from 'tap';
import { affordableSizes, budgetMs, type Costs } from '../../../src/learning/input-size/affordable.js';

/** A picture takes 10 ms at the native size; training takes 100 bytes there, and in proportion to the pixels. */
const costs = (given: Partial<Costs> = {}): Costs => ({
  native: 224,
  msPerPicture: 10,
  pictures: 100,
  memoryOf: async (size) => 100 * (size / 224) ** 2,
  memoryBytes: 1000,
  headIsEnough: false,
  ...given,
});
const larger = [320, 448];
const all = { sizes: larger, refused: null };

t.test('time: every picture is read at the size within the budget, or the size is not tried', async (t) => {
  t.strictSame(await affordableSizes(larger, costs()), all);
  // Twice the side is four times the work.
  const mostAt448 = budgetMs / (10 * 4);
  t.strictSame((await affordableSizes(larger, costs({ pictures: mostAt448 - 1 }))).sizes, [320, 448]);
  t.strictSame((await affordableSizes(larger, costs({ pictures: mostAt448 }))).sizes, [320]);
  const slow = { pictures: budgetMs / 10, memoryOf: () => Promise.reject(new Error('not asked for')) };
  t.strictSame(await affordableSizes(larger, costs(slow)), { sizes: [], refused: 'too-slow' });
});

t.test('memory: a size fits up to the last byte', async (t) => {
  t.strictSame((await affordableSizes(larger, costs({ memoryBytes: 400 }))).sizes, [320, 448]);
  t.strictSame((await affordableSizes(larger, costs({ memoryBytes: 399 }))).sizes, [320]);
  const none = { sizes: [], refused: 'too-little-memory' };
  t.strictSame(await affordableSizes(larger, costs({ memoryBytes: 150 })), none);
  t.strictSame(await affordableSizes(larger, costs({ memoryBytes: 99 })), none, 'nor does the native size');
});

t.test('memory is no matter where only the head is trained', async (t) => {
  const head = costs({ memoryOf: async () => null, memoryBytes: 1 });
  t.strictSame(await affordableSizes(larger, head), all);
  const asked: number[] = [];
  const automatic = costs({
    headIsEnough: true,
    memoryBytes: 99,
    memoryOf: async (size) => {
      asked.push(size);
      return 100 * (size / 224) ** 2;
    },
  });
  t.strictSame(await affordableSizes(larger, automatic), all, 'the tail fits nowhere: the head, at any size');
  t.ok(asked.includes(224), 'the native size was asked for too');
  t.strictSame(
    await affordableSizes(larger, costs({ headIsEnough: true, memoryBytes: 150 })),
    { sizes: [], refused: 'too-little-memory' },
    'the tail fits at the native size, and is not given up for pixels',
  );
  t.strictSame(await affordableSizes(larger, costs({ headIsEnough: true, memoryBytes: 250 })), {
    sizes: [320],
    refused: null,
  });
});
