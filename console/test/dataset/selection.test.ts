import t from 'tap';
import { covered, extended, moved, nothing, only, toggled } from '../../src/features/dataset/selection.js';

const idAt = (place: number) => (place >= 0 && place < 10 ? `f${place}` : undefined);
const places = ({ chosen }: { chosen: ReadonlyMap<number, string> }) =>
  [...chosen.keys()].sort((a, b) => a - b);

t.test('a range runs from where it was begun, in both directions', async (t) => {
  const begun = only(4, idAt);
  const down = extended(begun, 7, idAt);
  t.strictSame(places(down), [4, 5, 6, 7]);
  t.strictSame(places(extended(down, 2, idAt)), [2, 3, 4], 'it turns around its beginning');
  t.strictSame(places(extended(nothing, 3, idAt)), [3]);
  t.strictSame(places(extended(only(8, idAt), 20, idAt)), [8, 9], 'what is not loaded is not chosen');
});

t.test('one frame is added and taken away', async (t) => {
  const two = toggled(only(1, idAt), 5, idAt);
  t.strictSame(places(two), [1, 5]);
  t.strictSame(places(toggled(two, 1, idAt)), [5]);
  t.equal(two.cursor, 5);
});

t.test('a rectangle covers rows and columns, beside what is kept', async (t) => {
  const kept = only(9, idAt).chosen;
  const box = { top: 0, bottom: 1, left: 1, right: 2 };
  t.strictSame(places(covered(box, 4, idAt, kept)), [1, 2, 5, 6, 9]);
});

t.test('arrows stay on the grid', async (t) => {
  t.equal(moved(null, 'ArrowDown', 4, 10), 0, 'the first key only shows where one is');
  t.equal(moved(null, 'End', 4, 10), 9);
  t.equal(moved(1, 'ArrowDown', 4, 10), 5);
  t.equal(moved(8, 'ArrowDown', 4, 10), 8);
  t.equal(moved(0, 'ArrowLeft', 4, 10), 0);
  t.equal(moved(3, 'x', 4, 10), null);
  t.equal(moved(null, 'Home', 4, 0), null);
});
