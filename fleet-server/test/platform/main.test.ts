import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { loadConfig } from '../../src/config.js';
import type { ServerReady } from '../../src/main.js';
import { engines, temporaryFolder } from '../helpers/engines.js';

const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const ports = ['--port', '0', '--device-port', '0', '--mqtt-port', '0', '--log-level', 'info'];

/** The program itself, as the demo starts it. */
async function start(
  dataDir: string,
): Promise<{ child: ChildProcess; ready: ServerReady; output(): string }> {
  const { DATABASE_URL: _url, ...env } = process.env;
  const child = fork(main, ['--data', dataDir, ...ports], { env, silent: true, execArgv: [] });
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  const [ready] = (await once(child, 'message')) as [ServerReady];
  return { child, ready, output: () => output };
}

t.test('starts, says where it is, and stops cleanly however it is told to', async (t) => {
  const dataDir = await temporaryFolder(t);
  await engines[0]!.prepare(dataDir);
  const first = await start(dataDir);
  t.teardown(() => first.child.kill('SIGKILL'));
  t.match(first.ready, {
    type: 'ready',
    apiUrl: /^http:\/\/127\.0\.0\.1:\d+$/,
    devicePortUrl: /^https:\/\/127\.0\.0\.1:\d+$/,
    mqttUrl: /^mqtts:\/\/127\.0\.0\.1:\d+$/,
    signInUrl: /\/sign-in\?token=/,
  });
  t.equal((await fetch(`${first.ready.apiUrl}/readyz`)).status, 200);
  const lines = first.output().split('\n');
  const token = new URL(first.ready.signInUrl ?? '').searchParams.get('token') ?? '';
  t.equal(lines.filter((line) => line.includes(token)).length, 1, 'the link is printed once');
  t.notOk(lines.find((line) => line.includes(token))?.startsWith('{'), 'and never logged');

  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const second = await start(dataDir);
  t.teardown(() => second.child.kill('SIGKILL'));
  t.not(second.ready.signInUrl, first.ready.signInUrl, 'a new link, for nobody has used the first');
  second.child.kill('SIGTERM');
  t.same(await once(second.child, 'exit'), [0, null]);

  const third = await start(dataDir);
  t.teardown(() => third.child.kill('SIGKILL'));
  third.child.disconnect();
  t.same(await once(third.child, 'exit'), [0, null], 'ends with its parent');
});

t.test('configuration: defaults < file < environment < command line', async (t) => {
  const file = join(await temporaryFolder(t), 'server.json');
  await writeFile(file, JSON.stringify({ port: 1, devicePort: 2, mqttPort: 3, publicHosts: ['a.example'] }));
  const env = {
    LINESIDE_DEVICE_PORT: '20',
    LINESIDE_MQTT_PORT: '30',
    LINESIDE_DATA: '/tmp/x',
    DATABASE_URL: 'postgres://x',
  };
  const config = loadConfig(['--config', file, '--mqtt-port', '300'], env);
  t.match(config, {
    port: 1,
    devicePort: 20,
    mqttPort: 300,
    host: '127.0.0.1',
    dataDir: '/tmp/x',
    databaseUrl: 'postgres://x',
    publicHosts: ['a.example'],
  });
  t.same(loadConfig(['--public-hosts', 'a, b'], {}).publicHosts, ['a', 'b']);
  for (const args of [
    ['--port', 'many'],
    ['--port', '70000'],
    ['--nonsense', '1'],
    ['--config', '/none'],
    ['--log-level', 'loud'],
    ['--tls-cert-file', 'x'],
  ]) {
    t.throws(() => loadConfig(args, {}), { code: 'config_invalid' }, args.join(' '));
  }
});
