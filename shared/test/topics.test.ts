import {
  downChannels,
  downTopic,
  LinesideError,
  mayAccess,
  parseTopic,
  upChannels,
  upTopic,
} from '@lineside/shared';
import fc from 'fast-check';
import t from 'tap';

const deviceId = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/);

t.test('every topic that is built parses back', async (t) => {
  fc.assert(
    fc.property(
      deviceId,
      fc.constantFrom(...upChannels),
      fc.constantFrom(...downChannels),
      (id, up, down) => {
        t.match(parseTopic(upTopic(id, up)), { deviceId: id, direction: 'up', channel: up });
        t.match(parseTopic(downTopic(id, down)), { deviceId: id, direction: 'down', channel: down });
      },
    ),
    { numRuns: 50 },
  );
});

t.test('any other string is refused with a code', async (t) => {
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), (topic) => {
      try {
        parseTopic(topic);
      } catch (error) {
        if (!(error instanceof LinesideError) || error.code !== 'topic_invalid') throw error;
      }
    }),
  );
  for (const topic of [
    'lineside/v1/cam/up/frame/',
    'lineside/v2/cam/up/frame',
    'lineside/v1/+/up/frame',
    '#',
    '',
  ]) {
    t.throws(() => parseTopic(topic), { code: 'topic_invalid' }, topic);
  }
});

t.test('a device reaches its own topics only, each in its own direction', async (t) => {
  fc.assert(
    fc.property(deviceId, deviceId, (mine, other) => {
      t.equal(mayAccess(mine, 'publish', upTopic(other, 'frame')), mine === other);
      t.equal(mayAccess(mine, 'subscribe', downTopic(other, 'desired')), mine === other);
      t.notOk(mayAccess(mine, 'publish', downTopic(mine, 'desired')), 'a device cannot give orders');
      t.notOk(mayAccess(mine, 'subscribe', upTopic(mine, 'frame')));
    }),
    { numRuns: 50 },
  );
  for (const filter of [
    '#',
    '+/+/+/down/desired',
    '$share/g/lineside/v1/cam/down/desired',
    'lineside/v1/cam/down/#',
  ]) {
    t.notOk(mayAccess('cam', 'subscribe', filter), filter);
  }
});
