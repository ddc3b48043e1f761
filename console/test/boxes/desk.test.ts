import t from 'tap';
import type { FrameBox } from '../../src/api/types.js';
import { BoxDesk, type Shown } from '../../src/features/boxes/desk.js';
import { storedDrafts } from '../../src/features/boxes/drafts.js';
import { placement, toPicture, toStage } from '../../src/features/boxes/geometry.js';

class MemoryStorage implements Storage {
  readonly #items = new Map<string, string>();
  get length() {
    return this.#items.size;
  }
  key = (at: number) => [...this.#items.keys()][at] ?? null;
  getItem = (key: string) => this.#items.get(key) ?? null;
  setItem = (key: string, value: string) => void this.#items.set(key, value);
  removeItem = (key: string) => void this.#items.delete(key);
  clear = () => this.#items.clear();
}

const frame = (id: string, boxes: FrameBox[] = []): Shown => ({
  frame: { id, width: 100, height: 80 },
  boxes,
});
const box: FrameBox = { classId: 'dent', x: 10, y: 10, width: 20, height: 10 };

t.test('what is drawn is there after a reload, until it is as it was', async (t) => {
  const storage = new MemoryStorage();
  const open = () => {
    const drafts = storedDrafts(storage, 'ann');
    return { drafts, desk: new BoxDesk(drafts) };
  };
  const before = open();
  before.desk.show(frame('a'), 'good');
  before.desk.dispatch({ type: 'add', boxes: [box] });
  const after = open();
  t.strictSame(after.drafts.get('a'), [box]);
  after.desk.show(frame('a'), 'good');
  t.strictSame(after.desk.getSnapshot()?.boxes, [box]);
  after.desk.dispatch({ type: 'select', place: 0 });
  after.desk.dispatch({ type: 'remove' });
  t.equal(after.drafts.get('a'), undefined);
  t.equal(storage.length, 0, 'nothing is left behind');
  t.strictSame(storedDrafts(storage, 'bob').get('a'), undefined);
});

t.test('an unfinished stroke is no draft', async (t) => {
  const drafts = storedDrafts(new MemoryStorage(), 'ann');
  const desk = new BoxDesk(drafts);
  desk.show(frame('a', [box]), 'good');
  desk.dispatch({ type: 'select', place: 0 });
  desk.dispatch({ type: 'press', at: { x: 20, y: 15 }, reach: 2 });
  desk.dispatch({ type: 'drag', to: { x: 40, y: 15 }, slack: 1 });
  t.equal(drafts.get('a'), undefined);
  desk.dispatch({ type: 'release' });
  t.strictSame(drafts.get('a'), [{ ...box, x: 30 }]);
});

t.test('boxes go to the next frame, once, and not when that is taken back', async (t) => {
  const drafts = storedDrafts(new MemoryStorage(), 'ann');
  const desk = new BoxDesk(drafts);
  desk.show(frame('a', [box]), 'good');
  desk.copyToNext();
  t.equal(desk.getCarried(), 1);
  desk.copyToNext();
  t.equal(desk.getCarried(), 0);
  desk.copyToNext();
  desk.show(null, '');
  t.equal(desk.getCarried(), 1, 'they wait while there is no frame');
  desk.show(frame('b'), 'good');
  t.strictSame(drafts.get('b'), [box]);
  t.equal(desk.getCarried(), 0);
  desk.dispatch({ type: 'undo' });
  t.strictSame(desk.getSnapshot()?.boxes, []);
  t.equal(drafts.get('b'), undefined);
});

t.test('the class that was chosen stays from frame to frame', async (t) => {
  const desk = new BoxDesk(storedDrafts(new MemoryStorage(), 'ann'));
  desk.show(frame('a'), 'good');
  t.equal(desk.getSnapshot()?.classId, 'good');
  desk.dispatch({ type: 'classify', classId: 'dent' });
  desk.show(frame('b'), 'good');
  t.equal(desk.getSnapshot()?.classId, 'dent');
});

t.test('a place on the stage and one in the picture are the same, at any zoom', async (t) => {
  const stage = { width: 400, height: 400 };
  const picture = { width: 100, height: 50 };
  const whole = placement(stage, picture, { scale: 1, x: 0, y: 0 });
  t.strictSame(toStage(whole, { x: 0, y: 0, width: 100, height: 50 }), {
    ...{ x: 0, y: 100, width: 400, height: 200 },
  });
  const zoomed = placement(stage, picture, { scale: 3, x: 40, y: -20 });
  const rect = toStage(zoomed, { x: 25, y: 10, width: 1, height: 1 });
  t.strictSame(toPicture(zoomed, rect.x, rect.y), { x: 25, y: 10 });
  t.equal(rect.width, 12);
});
