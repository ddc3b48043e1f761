import type { FlagReason } from '@lineside/shared';
import fc from 'fast-check';
import t from 'tap';
import { Duplicates, type Flagging } from '../../src/policy/duplicates.js';
import { hashDistance, pictureHash } from '../../src/policy/image/perceptual-hash.js';
import { seededRandom } from '../../src/policy/random.js';
import { moved, noisy, part, scaled } from './pictures.js';

const settings = { windowMs: 10_000, distance: 4 };
const unsure: FlagReason = { kind: 'low_confidence', score: 0.6 };

t.test('the hash of a picture stands still under noise and is another for another picture', async (t) => {
  const random = seededRandom(2);
  for (let i = 0; i < 10; i++) {
    const picture = part(i, i % 3);
    const hash = pictureHash(picture);
    t.ok(hashDistance(hash, pictureHash(noisy(picture, random))) <= 4, `noise on ${i}`);
    t.ok(hashDistance(hash, pictureHash(moved(picture, 90, 40))) > 4, `moved ${i}`);
  }
  const large = pictureHash(part(3, 0, 1280, 720));
  t.ok(hashDistance(large, pictureHash(noisy(part(3, 0, 1280, 720), random))) <= 4);
  t.equal(hashDistance({ high: 0xffffffff, low: 0xffffffff, luma: 0 }, { high: 0, low: 0, luma: 0 }), 64);
});

t.test('a frame is a duplicate of one that says the same, and of nothing else', async (t) => {
  const picture = part(1);
  const hash = pictureHash(picture);
  const first: Flagging = { hash, classId: 'good', reasons: [unsure], group: undefined };
  const after = (next: Partial<Flagging>, atMs = 1000, own = settings, sent = first) => {
    const duplicates = new Duplicates();
    duplicates.remember('cam', sent, 0);
    return duplicates.isDuplicate('cam', { ...first, ...next }, atMs, own);
  };
  t.ok(after({}), 'the same again');
  t.ok(after({ hash: pictureHash(noisy(picture, seededRandom(1))) }), 'but for noise');
  t.notOk(after({}, 10_000), 'too long ago');
  t.notOk(after({}, 1000, { ...settings, windowMs: 0 }), 'switched off');
  t.notOk(after({ classId: 'dent' }), 'another class');
  t.notOk(after({ classId: null }));
  t.notOk(after({ reasons: [{ ...unsure, score: 0.9 }] }), 'a worse reason');
  t.notOk(after({ reasons: [unsure, { kind: 'novel', score: 0.6 }] }), 'another reason');
  t.notOk(after({ hash: pictureHash(scaled(picture, 0.7)) }), 'the light went');
  t.notOk(after({ group: 'b' }, 1000, settings, { ...first, group: 'a' }), 'another part');
  t.ok(after({ group: 'a' }, 1000, settings, { ...first, group: 'a' }));
  for (const kind of ['audit', 'requested', 'record'] as const) {
    const reasons = [unsure, { kind, score: 0.1 } as FlagReason];
    t.notOk(after({ reasons }, 1000, settings, { ...first, reasons }), `${kind} is always sent`);
  }
  t.notOk(new Duplicates().isDuplicate('cam', first, 0, settings));
});

t.test('cameras do not speak for each other, and memory is bounded', async () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(50)), { maxLength: 200 }), (sent) => {
      const duplicates = new Duplicates();
      const flagging = (luma: number): Flagging => ({
        hash: { high: 0, low: 0, luma },
        classId: 'a',
        reasons: [unsure],
        group: undefined,
      });
      const seen = new Map<number, number[]>();
      let atMs = 0;
      for (const [camera, step] of sent) {
        atMs += step;
        const known = (seen.get(camera) ?? []).filter((value) => Math.abs(value - step * 20) <= 8).length > 0;
        const found = duplicates.isDuplicate(`cam-${camera}`, flagging(step * 20), atMs, settings);
        if (found !== known) return false;
        if (!found) {
          duplicates.remember(`cam-${camera}`, flagging(step * 20), atMs);
          seen.set(camera, [...(seen.get(camera) ?? []), step * 20]);
        }
      }
      return true;
    }),
  );
});
