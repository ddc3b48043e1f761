import fc from 'fast-check';
import t from 'tap';
import { isSelected, type Selectable } from '../../src/features/rollouts/selection.js';

const device = (change: Partial<Selectable> = {}): Selectable => ({
  ...{ id: 'd1', online: true, site: 'north', tags: ['paint', 'old'], arch: 'arm64', hardware: 'RK3588' },
  ...change,
});

t.test('every condition given has to hold, one value of each', async (t) => {
  t.ok(isSelected({}, device()));
  t.ok(isSelected({ sites: ['south', 'north'], tags: ['paint', 'press'], hardware: ['arm64'] }, device()));
  t.ok(isSelected({ hardware: ['RK3588'], deviceIds: ['d1', 'd2'] }, device()));
  for (const wrong of [
    { sites: ['south'] },
    { tags: ['press'] },
    { hardware: ['x64'] },
    { deviceIds: ['d2'] },
    { sites: ['north'], tags: ['press'] },
  ]) {
    t.notOk(isSelected(wrong, device()), JSON.stringify(wrong));
  }
  t.notOk(isSelected({ sites: ['north'] }, device({ site: null })));
  t.notOk(isSelected({ hardware: ['arm64'] }, device({ arch: null, hardware: null })), 'never reported');
});

t.test('a share is stable, about as large as it says, and part of every larger one', async (t) => {
  const fleet = Array.from({ length: 10_000 }, (_, k) => device({ id: `device-${k}` }));
  const chosen = fleet.filter((each) => isSelected({ share: 0.1 }, each)).length;
  t.ok(Math.abs(chosen - 1000) < 120, `${chosen} of 10,000 for 10 %`);
  fc.assert(
    fc.property(
      fc.uuid(),
      fc.double({ min: 0.01, max: 1 }),
      fc.double({ min: 0, max: 1 }),
      (id, share, part) => {
        const small = isSelected({ share: Math.max(0.001, share * part) }, device({ id }));
        return !small || isSelected({ share }, device({ id }));
      },
    ),
  );
  t.ok(fleet.every((each) => isSelected({ share: 1 }, each)));
});
