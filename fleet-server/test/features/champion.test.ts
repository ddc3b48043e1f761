import t from 'tap';
import { taughtIn } from '../../src/features/training/champion.js';
import { shiftOf } from '../../src/features/training/shift.js';

const item = (frameId: string, group: string, split: 'train' | 'test' = 'train', imageSha256 = frameId) => ({
  ...{ frameId, group, split, imageSha256 },
  ...{ labelRevision: 1, boxRevision: 0, classId: 'a' },
});

t.test('frames of groups that taught a model', async (t) => {
  const teaching = [item('f1', 'burst:f1'), item('f2', 'burst:f2', 'test'), item('f3', 'key:7')];
  const now = [
    item('f1', 'burst:f0', 'test'),
    item('f0', 'burst:f0', 'test'),
    item('f2', 'burst:f2', 'test'),
    item('f4', 'key:7', 'test'),
    item('f5', 'burst:f5', 'test', 'f3'),
    item('f6', 'burst:f6', 'test'),
  ];
  const taught = taughtIn(now, teaching);
  t.strictSame([...taught].sort(), ['f0', 'f1', 'f4', 'f5']);
  t.notOk(taught.has('f2'), 'what was held out then has taught nobody');
});

t.test('three shifts a day', async (t) => {
  const at = (time: string) => shiftOf(new Date(`2026-03-01T${time}Z`));
  t.equal(at('06:00:00'), '06–14 UTC');
  t.equal(at('13:59:59'), '06–14 UTC');
  t.equal(at('14:00:00'), '14–22 UTC');
  t.equal(at('23:30:00'), '22–06 UTC');
  t.equal(at('05:59:59'), '22–06 UTC');
});
