import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { type BoxAction, drawing, editorOf, reduce, sameBoxes } from '../../src/features/boxes/editor.js';
import { boxKeyOf } from '../../src/features/boxes/keys.js';

const picture = { width: 100, height: 80 };
const box = (x: number, y: number, width = 20, height = 10, classId = 'good') => ({
  ...{ classId, x, y, width, height },
});
const all = (start: ReturnType<typeof editorOf>, ...actions: BoxAction[]) => actions.reduce(reduce, start);
const empty = editorOf(picture, [], 'good');
const press = (x: number, y: number): BoxAction => ({ type: 'press', at: { x, y }, reach: 3 });
const drag = (x: number, y: number): BoxAction => ({ type: 'drag', to: { x, y }, slack: 1 });
const release: BoxAction = { type: 'release' };
const stroke = (from: [number, number], to: [number, number]): BoxAction[] => [
  press(...from),
  drag(...to),
  release,
];

t.test('a box is drawn in any direction, within the picture, and is selected', async (t) => {
  const half = all(empty, press(50, 40), drag(29.6, 29.7));
  t.strictSame(drawing(half), box(30, 30, 20, 10));
  t.strictSame(half.boxes, [], 'it is one once the pointer is released');
  const drawn = all(half, release);
  t.strictSame([drawn.boxes, drawn.selected], [[box(30, 30, 20, 10)], 0]);
  t.strictSame(all(empty, ...stroke([90, 70], [140, 140])).boxes, [box(90, 70, 10, 10)]);
  t.strictSame(all(empty, ...stroke([5, 5], [5.5, 60])).boxes, [], 'a trembling hand draws nothing');
});

t.test('a press selects the smallest box, and a drag from there draws another', async (t) => {
  const nested = editorOf(picture, [box(0, 0, 90, 70), box(10, 10)], 'good');
  t.equal(all(nested, press(15, 15), release).selected, 1);
  t.equal(all(nested, press(50, 50), release).selected, 0);
  t.equal(all(nested, press(95, 75), release).selected, null);
  t.equal(all(nested, ...stroke([12, 12], [16, 16])).boxes.length, 3);
});

t.test('the selected box moves by its inside and resizes by its handles', async (t) => {
  const chosen = all(editorOf(picture, [box(20, 20)], 'good'), { type: 'select', place: 0 });
  t.strictSame(all(chosen, ...stroke([30, 25], [35, 28])).boxes, [box(25, 23)]);
  t.strictSame(all(chosen, ...stroke([30, 25], [300, 300])).boxes, [box(80, 70)], 'as far as the edge');
  t.strictSame(all(chosen, ...stroke([40, 30], [50, 40])).boxes, [box(20, 20, 30, 20)]);
  t.strictSame(
    all(chosen, ...stroke([20, 25], [10, 60])).boxes,
    [box(10, 20, 30, 10)],
    'a side moves one way',
  );
  t.strictSame(all(chosen, ...stroke([20, 20], [50, 60])).boxes, [box(40, 30, 10, 30)], 'it turns over');
  const cancelled = all(chosen, press(30, 25), drag(60, 60), { type: 'cancel' });
  t.strictSame([cancelled.boxes, cancelled.past.length], [[box(20, 20)], 0], 'a second finger takes it back');
});

t.test('keys nudge, stretch, name, remove and go through the boxes', async (t) => {
  const two = editorOf(picture, [box(0, 0), box(50, 50)], 'good');
  const first = all(two, { type: 'cycle', step: 1 });
  t.equal(first.selected, 0);
  t.equal(all(first, { type: 'cycle', step: 1 }).selected, 1);
  t.equal(all(first, { type: 'cycle', step: -1 }).selected, null);
  t.equal(all(two, { type: 'cycle', step: -1 }).selected, 1);
  t.strictSame(all(first, { type: 'nudge', dx: -1, dy: 10 }).boxes[0], box(0, 10));
  t.strictSame(all(first, { type: 'stretch', dx: 200, dy: -50 }).boxes[0], box(0, 0, 100, 1));
  const named = all(first, { type: 'classify', classId: 'dent' });
  t.equal(named.boxes[0]?.classId, 'dent');
  t.equal(all(named, ...stroke([70, 5], [90, 15])).boxes[2]?.classId, 'dent', 'the next one is one, too');
  t.strictSame(all(first, { type: 'remove' }).boxes, [box(50, 50)]);
});

t.test('a run of nudges is taken back at once, and given again', async (t) => {
  const start = all(editorOf(picture, [box(20, 20)], 'good'), { type: 'select', place: 0 });
  const nudge: BoxAction = { type: 'nudge', dx: 1, dy: 0 };
  const after = all(start, nudge, nudge, nudge, { type: 'stretch', dx: 1, dy: 0 });
  t.strictSame(all(after, { type: 'undo' }).boxes, [box(23, 20)]);
  t.strictSame(all(after, { type: 'undo' }, { type: 'undo' }).boxes, [box(20, 20)]);
  t.strictSame(all(after, { type: 'undo' }, { type: 'undo' }, { type: 'redo' }).boxes, [box(23, 20)]);
  t.strictSame(all(after, { type: 'undo' }, nudge, { type: 'redo' }).boxes, [box(24, 20)], 'nothing to give');
});

t.test('copied boxes fit the picture, and are not added twice', async (t) => {
  const copied = all(editorOf(picture, [box(0, 0)], 'good'), { type: 'add', boxes: [box(0, 0), box(90, 5)] });
  t.strictSame(copied.boxes, [box(0, 0), box(90, 5, 10, 10)]);
});

t.test('what each key does', async (t) => {
  const pressed = (key: string, held: object = {}) => ({
    ...{ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false },
    ...held,
  });
  t.strictSame(boxKeyOf(pressed('ArrowLeft'), true), { type: 'nudge', dx: -1, dy: 0 });
  t.strictSame(boxKeyOf(pressed('ArrowDown', { shiftKey: true }), true), { type: 'nudge', dx: 0, dy: 10 });
  t.strictSame(boxKeyOf(pressed('ArrowRight', { altKey: true }), true), { type: 'stretch', dx: 1, dy: 0 });
  t.strictSame(boxKeyOf(pressed('ArrowUp', { ctrlKey: true, shiftKey: true }), true), {
    ...{ type: 'stretch', dx: 0, dy: -10 },
  });
  t.strictSame(boxKeyOf(pressed('Tab', { shiftKey: true }), true), { type: 'cycle', step: -1 });
  t.strictSame(boxKeyOf(pressed('Escape'), true), { type: 'select', place: null });
  t.strictSame(boxKeyOf(pressed('Escape'), false), { type: 'leave' });
  t.strictSame(boxKeyOf(pressed('Delete'), false), { type: 'remove' });
  t.equal(boxKeyOf(pressed('z', { ctrlKey: true }), true), null);
});

t.test('whatever is done, boxes stay in the picture and all of it can be taken back', async () => {
  const coordinate = fc.integer({ min: -30, max: 130 });
  const point = fc.record({ x: coordinate, y: coordinate });
  const by = fc.integer({ min: -40, max: 40 });
  const action: fc.Arbitrary<BoxAction> = fc.oneof(
    point.map((at) => ({ type: 'press' as const, at, reach: 4 })),
    point.map((to) => ({ type: 'drag' as const, to, slack: 1 })),
    fc.constantFrom<BoxAction>(release, { type: 'cancel' }, { type: 'remove' }, { type: 'redo' }),
    fc.tuple(by, by).map(([dx, dy]) => ({ type: 'nudge' as const, dx, dy })),
    fc.tuple(by, by).map(([dx, dy]) => ({ type: 'stretch' as const, dx, dy })),
    fc.constantFrom<BoxAction>({ type: 'cycle', step: 1 }, { type: 'classify', classId: 'dent' }),
  );
  const start = editorOf(picture, [box(10, 10), box(40, 40)], 'good');
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      let editor = start;
      for (const each of actions) {
        editor = reduce(editor, each);
        for (const { x, y, width, height } of editor.boxes) {
          assert(x >= 0 && y >= 0 && width >= 1 && height >= 1, 'begins in the picture');
          assert(x + width <= picture.width && y + height <= picture.height, 'ends in the picture');
        }
        assert(editor.selected === null || editor.selected < editor.boxes.length, 'selects one there is');
      }
      editor = reduce(editor, { type: 'cancel' });
      while (editor.past.length > 0) editor = reduce(editor, { type: 'undo' });
      assert(sameBoxes(editor.boxes, start.boxes));
    }),
  );
});
