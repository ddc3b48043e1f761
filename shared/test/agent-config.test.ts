import t from 'tap';
import { checkRemoteSettings, maskSecrets, unmaskSecrets } from '../src/index.js';

const rtsp = (url: string, id = 'cam') => ({ id, source: { kind: 'rtsp', url } });

t.test('settings from afar are filled in section by section; what is left out stays out', async (t) => {
  t.strictSame(checkRemoteSettings({}), {});
  const settings = checkRemoteSettings({ policy: { recordAll: true }, logLevel: 'warn' });
  t.strictSame(Object.keys(settings).sort(), ['logLevel', 'policy']);
  t.match(settings.policy, { recordAll: true, auditShare: 0.02, duplicates: { windowMs: 10_000 } });
  const given = { cameras: [rtsp('rtsp://a/1')] };
  t.match(checkRemoteSettings(given), { cameras: [{ source: { transport: 'tcp' }, frozenAfterMs: 10_000 }] });
  t.strictSame(given, { cameras: [rtsp('rtsp://a/1')] }, 'what was given stays as it was');
});

t.test('a mistake is told with the name of its field', async (t) => {
  const wrong = (tree: unknown, message: RegExp) =>
    t.throws(() => checkRemoteSettings(tree), { code: 'config_invalid', message });
  wrong([], /must be a JSON object/);
  wrong({ spool: {} }, /^spool is not a known field/);
  wrong({ stateDir: '/' }, /^stateDir is not a known field/);
  wrong({ cameras: [] }, /^cameras /);
  wrong({ cameras: [rtsp('rtsp://a'), rtsp('rtsp://b')] }, /^cameras\[1\]\.id cam is used twice/);
  wrong({ cameras: [rtsp('http://a')] }, /^cameras\[0\]\.source\.url /);
  wrong({ policy: { auditShare: 2 } }, /^policy\.auditShare /);
  wrong({ policy: { budget: { framesPerHour: 0 } } }, /^policy\.budget\.framesPerHour /);
  wrong({ outputs: [{ kind: 'fax' }] }, /^outputs\[0\]\.kind must be one of jsonl, mqtt, /);
});

t.test('passwords in addresses are masked, and put back where the address is the same', async (t) => {
  const settings = {
    cameras: [
      rtsp('rtsp://ann:s3cret@10.0.0.1/a', 'one'),
      rtsp('rtsp://ann:other@10.0.0.2/a', 'two'),
      {
        id: 'three',
        source: { kind: 'gstreamer', pipeline: 'rtspsrc location="rtsp://b:pass@h/1" ! x' },
      },
    ],
    outputs: [{ kind: 'webhook', url: 'https://token:abc@hooks.example/x' }],
  };
  const masked = maskSecrets(settings);
  const text = JSON.stringify(masked);
  for (const secret of ['s3cret', 'other', 'pass', 'abc']) t.notMatch(text, secret);
  t.equal((masked.cameras[0] as ReturnType<typeof rtsp>).source.url, 'rtsp://ann:***@10.0.0.1/a');
  t.strictSame(unmaskSecrets(masked, settings), settings);
  t.strictSame(
    unmaskSecrets({ cameras: masked.cameras.slice(1) }, settings),
    { cameras: settings.cameras.slice(1) },
    'also at another place in the list',
  );
  t.throws(() => unmaskSecrets({ cameras: [rtsp('rtsp://ann:***@evil/a')] }, settings), {
    code: 'config_invalid',
    message: /^cameras\[0\]\.source\.url has \*\*\*/,
  });
  t.throws(() => unmaskSecrets(masked, masked), { code: 'config_invalid' }, 'a mask is no password');
  t.strictSame(maskSecrets({ url: 'rtsp://10.0.0.1:554/a', n: 1, none: null }), {
    url: 'rtsp://10.0.0.1:554/a',
    n: 1,
    none: null,
  });
});
