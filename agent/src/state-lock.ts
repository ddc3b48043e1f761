import { readFile, stat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { LinesideError } from '@lineside/shared';
import { makeFolderDurably, writeFileDurably } from './durable-file.js';

export interface StateLock {
  release(): Promise<void>;
}

const holderAnswerMs = 500;

/**
 * Takes the state folder for this process: two agents on one folder would overwrite each other's state. On Linux the
 * lock is an abstract Unix socket named after the folder's device and inode, on Windows a named pipe: the kernel
 * releases both when the process ends, however it ends, and nothing is written, so a read-only disk can be locked too.
 * Abstract sockets belong to a network namespace: two containers must not share a state folder.
 * @throws LinesideError `storage_locked`, naming the process that has it where that answers
 */
export async function lockStateFolder(folder: string, platform = process.platform): Promise<StateLock> {
  await makeFolderDurably(folder);
  const { dev, ino } = await stat(folder, { bigint: true });
  const name = `lineside-agent-${dev}-${ino}`;
  if (platform === 'linux') return lockByName(`\0${name}`, folder);
  if (platform === 'win32') return lockByName(`\\\\.\\pipe\\${name}`, folder);
  return lockByFile(join(folder, 'agent.pid'), folder);
}

async function lockByName(path: string, folder: string): Promise<StateLock> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(String(process.pid));
  });
  try {
    await listen(server, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    const pid = await holderOf(path);
    throw locked(folder, pid === null ? 'another process' : `process ${pid}`);
  }
  server.unref();
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}

const locked = (folder: string, holder: string): LinesideError =>
  new LinesideError('storage_locked', `${holder} has ${folder} open`);

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, exclusive: true }, resolve);
  });
}

/** The process that listens; null when it does not say in time. */
function holderOf(path: string): Promise<number | null> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(path);
    socket.setEncoding('utf8');
    socket.setTimeout(holderAnswerMs, () => socket.destroy());
    socket.on('data', (part) => (text += part));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(/^\d+$/.test(text) ? Number(text) : null));
  });
}

/** Where no name goes with its process: a file with the holder's pid, void when no such process lives. */
async function lockByFile(path: string, folder: string): Promise<StateLock> {
  const holder = Number(await readFile(path, 'utf8').catch(() => '0'));
  if (holder > 0 && holder !== process.pid && isAlive(holder)) throw locked(folder, `process ${holder}`);
  await writeFileDurably(path, String(process.pid));
  return { release: () => unlink(path).catch(() => undefined) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
