import t from 'tap';
import type { Rollout, RolloutEvent } from '../../src/api/types.js';
import { lanes, told, zonesOf } from '../../src/features/rollouts/timeline.js';

const rollout = (state: Rollout['state'], zones: (string | null)[] = [null]) =>
  ({
    state,
    groups: zones.map((timeZone, index) => ({
      name: `G${index}`,
      gate: timeZone ? { window: { from: '22:00', to: '04:00', timeZone } } : {},
    })),
  }) as Rollout;
const event = (minute: number, change: Partial<RolloutEvent>): RolloutEvent => ({
  at: new Date(minute * 60_000).toISOString(),
  ...{ group: null, from: null, to: 'ready', by: 'system', reason: null },
  ...change,
});
const events = [
  event(0, { to: 'awaiting_approval' }),
  event(1, { from: 'awaiting_approval', to: 'ready', by: 'bob@example.org' }),
  event(2, { from: 'ready', to: 'running' }),
  event(2, { group: 0, from: 'scheduled', to: 'running' }),
  event(5, { group: 0, from: 'running', to: 'failed' }),
  event(5, { from: 'running', to: 'paused', reason: 'why' }),
  event(9, { from: 'paused', to: 'running' }),
  event(9, { group: 0, from: 'failed', to: 'running' }),
];

t.test('events are said as people say them', async (t) => {
  t.strictSame(
    events.map((each) => told(each, rollout('running')).words),
    [
      'Staged, waits for approval',
      'Approved',
      'Started',
      'Updating',
      'Failed',
      'Paused',
      'Resumed',
      'Tries again',
    ],
  );
  t.match(told(events[4]!, rollout('running')), { group: 'G0', tone: 'bad' });
});

t.test('each state lasts until the next; the last one until the end', async (t) => {
  const [whole, group] = lanes(events, rollout('running'));
  t.strictSame(
    whole?.spans.map(({ fromMs, untilMs }) => [fromMs / 60_000, untilMs && untilMs / 60_000]),
    [
      [0, 1],
      [1, 2],
      [2, 5],
      [5, 9],
      [9, null],
    ],
  );
  t.match(group, { name: 'G0', spans: [{}, { words: 'Failed', untilMs: 540_000 }, { untilMs: null }] });
  const ended = lanes([...events, event(12, { from: 'running', to: 'aborted' })], rollout('aborted'));
  t.equal(ended[1]?.spans.at(-1)?.untilMs, 720_000);
});

t.test('the clock of the plants, or of the reader', async (t) => {
  t.strictSame(zonesOf(rollout('running', ['UTC']), ['Europe/Oslo'], 'Asia/Tokyo'), ['Europe/Oslo']);
  t.strictSame(zonesOf(rollout('running'), [], 'Asia/Tokyo'), ['Asia/Tokyo']);
  t.strictSame(
    zonesOf(rollout('running', ['Europe/Berlin', null, 'Europe/Berlin', 'UTC']), [], 'Asia/Tokyo'),
    ['Europe/Berlin', 'UTC'],
  );
});
