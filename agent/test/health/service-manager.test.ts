import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parseConfig } from '../../src/config.js';
import { createServiceManager, noServiceManager } from '../../src/health/watchdog/service-manager.js';
import { createAgent } from '../../src/runtime.js';
import { createTestAuthority } from '../enrol/test-authority.js';
import { enrolledState } from '../helpers/enrolled-state.js';
import { installTinyModel } from '../helpers/installed-model.js';
import { SilencedSource } from '../helpers/silenced-source.js';
import { until } from '../helpers/until.js';

const found = (program: string): boolean =>
  (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)));
const missing = ['systemd-notify', 'python3'].filter((program) => !found(program));
const skip = missing.length > 0 ? { skip: `${missing.join(', ')} is not installed` } : {};

/** A datagram socket such as systemd's, and what arrived at it. Node has none of its own. */
async function notifySocket(test: Test): Promise<{ path: string; datagrams: string[] }> {
  const dir = await mkdtemp(join(tmpdir(), 'lineside-notify-'));
  const path = join(dir, 'socket');
  const listen = [
    'import socket, sys',
    's = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)',
    's.bind(sys.argv[1])',
    "print('bound', flush=True)",
    'while True: print(repr(s.recv(4096)), flush=True)',
  ].join('\n');
  const child = spawn('python3', ['-c', listen, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  test.teardown(async () => {
    child.kill('SIGKILL');
    await rm(dir, { recursive: true });
  });
  const datagrams: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    datagrams.push(...text.split('\n').filter((line) => line !== ''));
  });
  await once(child.stdout, 'data');
  datagrams.length = 0;
  return { path, datagrams };
}

t.test('without systemd nothing is told to anybody', async (t) => {
  t.equal(createServiceManager({}), noServiceManager);
});

t.test('messages arrive at the service manager as it expects them', skip, async (t) => {
  const { path, datagrams } = await notifySocket(t);
  process.env.NOTIFY_SOCKET = path;
  t.teardown(() => delete process.env.NOTIFY_SOCKET);
  const other = createServiceManager({ ...process.env, WATCHDOG_USEC: '30000000', WATCHDOG_PID: '1' });
  t.equal(other.watchdogMs, null, 'it watches another process');
  other.close();
  const service = createServiceManager({ ...process.env, WATCHDOG_USEC: '30000000' });
  t.equal(service.watchdogMs, 30_000);
  service.notify('READY=1', 'STATUS=all $HOME `is` *well*\n"now"');
  await until('the datagram', () => datagrams.some((text) => text.includes('READY=1')));
  t.ok(datagrams.some((text) => text.includes('READY=1\\nSTATUS=all $HOME `is` *well* "now"')));
  service.close();
  service.notify('READY=0');
});

t.test(
  'readiness, then the watchdog as long as the camera decides; then the ladder, and a told end',
  { ...skip, timeout: 120_000 },
  async (t) => {
    const { path, datagrams } = await notifySocket(t);
    process.env.NOTIFY_SOCKET = path;
    t.teardown(() => delete process.env.NOTIFY_SOCKET);
    const stateDir = await enrolledState(t, await createTestAuthority());
    await installTinyModel(stateDir);
    const made: SilencedSource[] = [];
    const reasons: string[] = [];
    const config = parseConfig({
      stateDir,
      cameras: [{ id: 'cam', source: { kind: 'synthetic', framesPerSecond: 20 } }],
    });
    const agent = createAgent(config, {
      createSource: ({ id }) => {
        // The first one falls silent, and those that take its place deliver nothing at all.
        const source = new SilencedSource(id, made.length === 0 ? 60 : 0);
        made.push(source);
        return source;
      },
      service: createServiceManager({ ...process.env, WATCHDOG_USEC: '3000000' }),
      onBeyondRepair: ({ code, message }) => reasons.push(`${code}: ${message}`),
    });
    t.teardown(() => agent.stop());
    await agent.start();
    const count = (text: string): number => datagrams.filter((datagram) => datagram.includes(text)).length;
    await until('readiness', () => count('READY=1') > 0);
    await until('the watchdog to be fed', () => count('WATCHDOG=1') >= 2);
    const alarmed = (): boolean => agent.health().alarms.some(({ code }) => code === 'camera_silent');
    await until('the alarm', alarmed);
    await until('the end to be asked for', () => reasons.length > 0);
    t.match(reasons[0], /^camera_silent: camera cam decides nothing/);
    t.ok(made.length > 1, 'the station was rebuilt before');
    const fed = count('WATCHDOG=1');
    const health = await fetch(`http://127.0.0.1:${agent.httpPort}/metrics`);
    t.match(await health.text(), /lineside_alarm\{code="camera_silent",camera="cam"\} 1/);
    await agent.stop();
    await until('the farewell', () => count('STOPPING=1') > 0);
    t.equal(count('WATCHDOG=1'), fed, 'it was not told that all is well meanwhile');
  },
);
