import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrorCode } from '@lineside/shared';
import t from 'tap';
import { loadConfig, parseConfig } from '../src/config.js';
import { folderOf } from './helpers/folder.js';

const camera = { id: 'cam', source: { kind: 'videotestsrc' } };
const minimal = { stateDir: 'state', cameras: [camera] };

t.test('what is left out has a default, and the result cannot be changed', async (t) => {
  const config = parseConfig(minimal, {}, '/etc/lineside');
  t.match(config, {
    stateDir: '/etc/lineside/state',
    deviceName: 'device',
    policy: { auditShare: 0.02, recordAll: false },
    http: { host: '127.0.0.1', port: 0 },
    inference: { threads: 1, executionProvider: 'cpu' },
    cameras: [{ source: { width: 640, height: 480, framesPerSecond: 10, pattern: 'smpte' } }],
  });
  t.throws(() => {
    (config.policy as { auditShare: number }).auditShare = 1;
  }, TypeError);
  t.throws(() => (config.cameras as unknown[]).push(1), TypeError);
});

t.test('the environment overrides the file', async (t) => {
  const file = { ...minimal, logLevel: 'warn', policy: { auditShare: 0.5 }, http: { port: 9000 } };
  const config = parseConfig(file, {
    LINESIDE_LOG_LEVEL: 'debug',
    LINESIDE_HTTP_PORT: '9100',
    LINESIDE_CLAIM_TOKEN: 'a'.repeat(30),
    LINESIDE_UNRELATED: 'x',
  });
  t.match(config, { logLevel: 'debug', http: { port: 9100 }, policy: { auditShare: 0.5 } });
  t.equal(config.server.claimToken, 'a'.repeat(30));
});

t.test('a mistake is told with the name of its field', async (t) => {
  const wrong = (tree: unknown, message: RegExp, env = {}) => {
    t.throws(() => parseConfig(tree, env), { code: 'config_invalid', message });
  };
  const source = (fields: object) => ({ ...minimal, cameras: [{ id: 'a', source: fields }] });
  wrong([], /must be a JSON object/);
  wrong({ stateDir: 's' }, /^cameras is required/);
  wrong({ ...minimal, cameras: [] }, /^cameras /);
  wrong({ ...minimal, colour: 1 }, /^colour is not a known field/);
  wrong({ ...minimal, cameras: [{ id: 'a b', source: camera.source }] }, /^cameras\[0\]\.id /);
  wrong({ ...minimal, cameras: [camera, camera] }, /^cameras\[1\]\.id cam is used twice/);
  wrong(source({ kind: 'fax' }), /^cameras\[0\]\.source\.kind must be one of folder, synthetic, /);
  wrong(source({ kind: 'folder' }), /^cameras\[0\]\.source\.path is required/);
  wrong(source({ kind: 'folder', path: 'x', mode: 'often' }), /^cameras\[0\]\.source\.mode /);
  wrong(source({ kind: 'folder', path: 'x', groupPattern: '(' }), /^cameras\[0\]\.source\.groupPattern /);
  wrong(source({ kind: 'gstreamer', pipeline: 'a "b' }), /^cameras\[0\]\.source\.pipeline .*not closed/);
  wrong(source({ kind: 'v4l2', width: 2 }), /^cameras\[0\]\.source\.width /);
  wrong(source({ kind: 'rtsp', url: 'http://x' }), /^cameras\[0\]\.source\.url /);
  wrong({ ...minimal, policy: { auditShare: 2 } }, /^policy\.auditShare /);
  wrong({ ...minimal, server: { enrolUrl: 'http://x' } }, /^server\.enrolUrl /);
  wrong({ ...minimal, logLevel: 'loud' }, /^logLevel /);
  const output = (...outputs: object[]) => ({ ...minimal, outputs });
  const jsonl = { kind: 'jsonl', path: 'x' };
  const coil = { kind: 'modbus', host: 'plc', address: 1, table: 'coil', values: { good: 2 }, safeValue: 0 };
  wrong(output({ kind: 'fax' }), /^outputs\[0\]\.kind must be one of jsonl, mqtt, /);
  wrong(output({ kind: 'gpio', line: 4 }), /^outputs\[0\]\.activeClasses is required/);
  wrong(output({ kind: 'mqtt', url: 'mqtt://x', topic: 'all/#' }), /^outputs\[0\]\.topic /);
  wrong(output({ ...jsonl, cameras: ['no'] }), /^outputs\[0\]\.cameras names no, which is not a camera/);
  wrong(output({ ...jsonl, name: 'a' }, { ...jsonl, name: 'a' }), /^outputs\[1\]\.name a is used twice/);
  wrong(output(coil), /^outputs\[0\]\.values must be 0 or 1 for a coil/);
  wrong(minimal, /^http\.port /, { LINESIDE_HTTP_PORT: 'many' });
});

t.test('a secret never shows up in an error', async (t) => {
  const url = 'rtsp//admin:hunter2@cam';
  try {
    parseConfig({ ...minimal, cameras: [{ id: 'a', source: { kind: 'rtsp', url } }] });
    t.fail('it must be refused');
  } catch (error) {
    t.notMatch(String(error), /hunter2/);
  }
});

t.test('a file: paths are relative to it, and broken JSON names it', async (t) => {
  const dir = folderOf(t);
  const path = join(dir, 'agent.json');
  await writeFile(
    path,
    JSON.stringify({ ...minimal, cameras: [{ id: 'a', source: { kind: 'folder', path: 'in' } }] }),
  );
  t.match(loadConfig(path, {}), { cameras: [{ source: { path: join(dir, 'in'), mode: 'watch' } }] });
  const outputs = [
    { kind: 'jsonl', path: 'out.jsonl' },
    { kind: 'mqtt', url: 'mqtts://plant', passwordFile: 'secret', caFile: '/etc/ca.pem' },
    { kind: 'webhook', url: 'https://plant', headersFile: 'headers.json' },
  ];
  await writeFile(path, JSON.stringify({ ...minimal, outputs }));
  t.match(loadConfig(path, {}), {
    outputs: [
      { path: join(dir, 'out.jsonl') },
      { passwordFile: join(dir, 'secret'), caFile: '/etc/ca.pem', qos: 2, timeoutMs: 1000 },
      { headersFile: join(dir, 'headers.json') },
    ],
  });
  await writeFile(path, '{ "cameras": ');
  try {
    loadConfig(path, {});
    t.fail('it must be refused');
  } catch (error) {
    t.ok(isErrorCode(error, 'config_invalid'));
    t.match(String(error), /agent\.json/);
  }
});
