import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { softwareVersion } from '@lineside/shared';
import t, { type Test } from 'tap';
import { createTestAuthority } from './enrol/test-authority.js';
import { folderOf } from './helpers/folder.js';
import { identityFor } from './uplink/test-broker.js';

const entry = fileURLToPath(new URL('../../bin/lineside-agent.js', import.meta.url));

const start = (test: Test, args: string[]): ChildProcess => {
  const child = fork(entry, args, { silent: true, execArgv: [] });
  test.teardown(() => child.kill('SIGKILL'));
  return child;
};

async function outcome(child: ChildProcess): Promise<{ status: unknown; text: string }> {
  let text = '';
  child.stdout?.on('data', (chunk) => (text += chunk));
  child.stderr?.on('data', (chunk) => (text += chunk));
  // 'close' does not come from a child that was disconnected.
  const streams = [child.stdout, child.stderr].map((stream) => stream && once(stream, 'end'));
  const [[status]] = await Promise.all([once(child, 'exit'), ...streams]);
  return { status, text };
}

async function configFile(test: Test, more: object = {}): Promise<string> {
  const dir = folderOf(test);
  await mkdir(join(dir, 'state', 'identity'), { recursive: true });
  const identity = await identityFor(await createTestAuthority(), 'box', 'mqtts://127.0.0.1:1');
  await writeFile(join(dir, 'state', 'identity', 'identity.json'), JSON.stringify(identity));
  const path = join(dir, 'agent.json');
  const source = { kind: 'synthetic', width: 64, height: 48, framesPerSecond: 20 };
  await writeFile(path, JSON.stringify({ stateDir: 'state', cameras: [{ id: 'cam', source }], ...more }));
  return path;
}

t.test('--version, --check and mistakes', async (t) => {
  t.same(await outcome(start(t, ['--version'])), { status: 0, text: `${softwareVersion}\n` });
  t.match(await outcome(start(t, [])), { status: 2, text: /usage: lineside-agent/ });
  t.match(await outcome(start(t, ['--colour'])), { status: 2, text: /--colour/ });
  t.match(await outcome(start(t, ['--check', '--config', await configFile(t)])), {
    status: 0,
    text: /is valid/,
  });
  const wrong = await configFile(t, { telemetryIntervalMs: 1 });
  t.match(await outcome(start(t, ['--config', wrong])), {
    status: 2,
    text: /config_invalid: telemetryIntervalMs /,
  });
});

for (const how of ['SIGTERM', 'SIGINT', 'disconnect'] as const) {
  t.test(`runs until ${how}, then ends cleanly`, async (t) => {
    const child = start(t, ['--config', await configFile(t)]);
    const ended = outcome(child);
    const [ready] = (await once(child, 'message')) as [{ type: string; deviceId: string; httpPort: number }];
    t.match(ready, { type: 'ready', deviceId: 'box' });
    t.equal((await fetch(`http://127.0.0.1:${ready.httpPort}/healthz`)).status, 200);
    if (how === 'disconnect') child.disconnect();
    else child.kill(how);
    const { status, text } = await ended;
    t.equal(status, 0);
    t.match(text, /"agent stopped"/);
    t.notMatch(text, /PRIVATE KEY|"level":50/);
  });
}

t.test('a device without identity and claim token says what it needs', async (t) => {
  const dir = folderOf(t);
  const path = join(dir, 'agent.json');
  const cameras = [{ id: 'cam', source: { kind: 'synthetic' } }];
  await writeFile(path, JSON.stringify({ stateDir: 'state', cameras }));
  const { status, text } = await outcome(start(t, ['--config', path]));
  t.equal(status, 1);
  t.match(text, /claim_token_invalid/);
});

t.test('a second agent on the same state folder is refused, and the first one goes on', async (t) => {
  const path = await configFile(t);
  const first = start(t, ['--config', path]);
  const [{ httpPort }] = (await once(first, 'message')) as [{ httpPort: number }];
  const { status, text } = await outcome(start(t, ['--config', path]));
  t.equal(status, 2);
  t.match(text, new RegExp(`storage_locked: process ${first.pid} has .*/state open`));
  t.equal((await fetch(`http://127.0.0.1:${httpPort}/healthz`)).status, 200);
  const ended = once(first, 'exit');
  first.kill('SIGTERM');
  await ended;
});
