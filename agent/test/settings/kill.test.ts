import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  DesiredState,
  decodeMessage,
  encodeMessage,
  type RemoteSettings,
  ReportedState,
} from '@lineside/shared';
import t from 'tap';
import { createTestAuthority } from '../enrol/test-authority.js';
import { until } from '../helpers/until.js';
import { identityFor, startBroker } from '../uplink/test-broker.js';

const entry = fileURLToPath(new URL('../../../bin/lineside-agent.js', import.meta.url));

t.test('settings under which the process is killed again and again are given up', async (t) => {
  const authority = await createTestAuthority();
  const broker = await startBroker(authority);
  const root = await mkdtemp(join(tmpdir(), 'lineside-box-'));
  const children: ChildProcess[] = [];
  t.teardown(async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await broker.close();
    await rm(root, { recursive: true });
  });
  await mkdir(join(root, 'state', 'identity'), { recursive: true });
  const identity = await identityFor(authority, 'box', broker.url);
  await writeFile(join(root, 'state', 'identity', 'identity.json'), JSON.stringify(identity));
  const path = join(root, 'agent.json');
  const source = { kind: 'synthetic', width: 64, height: 48, framesPerSecond: 50 };
  await writeFile(path, JSON.stringify({ stateDir: 'state', cameras: [{ id: 'cam', source }] }));

  const start = async (): Promise<ChildProcess> => {
    const child = fork(entry, ['--config', path], { silent: true, execArgv: [] });
    child.stdout?.resume();
    child.stderr?.resume();
    children.push(child);
    await once(child, 'message');
    return child;
  };
  const reported = () => {
    const payload = broker.retained('box', 'reported');
    return payload ? decodeMessage(ReportedState, payload) : null;
  };
  // Connecting takes such a camera a minute at most, so that the trial is still on whenever the process is killed.
  const url = 'rtsp://127.0.0.1:9/none';
  const settings = { cameras: [{ id: 'cam', source: { kind: 'rtsp', url } }] } as unknown as RemoteSettings;
  const desired: DesiredState = { v: 1, revision: 1, config: { revision: 1, settings } };
  const send = () => broker.send('box', 'desired', encodeMessage(DesiredState, desired));

  let child = await start();
  await until('the camera', () => reported()?.cameras[0]?.state === 'running');
  await send();
  await until(
    'the trial',
    () => reported()?.config.phase === 'applying' && reported()?.config.revision === 1,
  );
  for (let starts = 2; starts <= 4; starts++) {
    child.kill('SIGKILL');
    await once(child, 'exit');
    const before = broker.of('reported').length;
    child = await start();
    await until('a report', () => broker.of('reported').length > before);
    const { config } = reported() ?? {};
    if (starts <= 3) t.match(config, { phase: 'applying', revision: 1 }, `start ${starts} tries them`);
    else t.match(config, { phase: 'rolled_back', revision: 0, message: /went down 3 times/ });
  }
  await send();
  t.match(reported()?.config, { phase: 'rolled_back', refusedRevision: 1 });
  await until('the own camera', () => reported()?.cameras[0]?.state === 'running');
});
