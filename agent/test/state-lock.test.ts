import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { lockStateFolder } from '../src/state-lock.js';
import { folderOf } from './helpers/folder.js';

const program = fileURLToPath(new URL('./locking-process.js', import.meta.url));

async function lockElsewhere(test: Test, folder: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program, folder], { env: {}, stdio: ['ignore', 'pipe', 'inherit'] });
  test.teardown(() => child.kill('SIGKILL'));
  if (!child.stdout) throw new Error('no output');
  await once(child.stdout, 'data');
  return child;
}

t.test('a second process is refused by name, and SIGKILL releases the lock', async (t) => {
  const folder = join(folderOf(t), 'state');
  const child = await lockElsewhere(t, folder);
  await t.rejects(lockStateFolder(folder), {
    code: 'storage_locked',
    message: `process ${child.pid} has ${folder} open`,
  });
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = await lockStateFolder(folder);
  await lock.release();
});

t.test('the folder is what is locked, whatever path leads to it', async (t) => {
  const root = folderOf(t);
  const folder = join(root, 'state');
  const lock = await lockStateFolder(folder);
  await symlink(folder, join(root, 'link'));
  await t.rejects(lockStateFolder(join(root, 'link')), { code: 'storage_locked' });
  const other = await lockStateFolder(join(root, 'other'));
  await lock.release();
  const again = await lockStateFolder(folder);
  await Promise.all([again.release(), other.release()]);
});

t.test('elsewhere a file with the pid of a living process locks', async (t) => {
  const root = folderOf(t);
  const folder = join(root, 'state');
  await mkdir(folder);
  const child = await lockElsewhere(t, join(root, 'unrelated'));
  await writeFile(join(folder, 'agent.pid'), String(child.pid));
  await t.rejects(lockStateFolder(folder, 'darwin'), {
    code: 'storage_locked',
    message: new RegExp(`^process ${child.pid} `),
  });
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = await lockStateFolder(folder, 'darwin');
  await lock.release();
});
