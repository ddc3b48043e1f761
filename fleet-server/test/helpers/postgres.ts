import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, chmodSync, chownSync, constants, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

const run = promisify(execFile);

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Folder with `initdb` and `postgres`, or null where Postgres is not installed. */
export function findPostgres(): string | null {
  const versions = '/usr/lib/postgresql';
  let packaged: string[] = [];
  try {
    packaged = readdirSync(versions)
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => join(versions, version, 'bin'));
  } catch {
    // Not Debian's layout; PATH may still have it.
  }
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...packaged];
  return (
    folders.find(
      (folder) => isExecutable(join(folder, 'initdb')) && isExecutable(join(folder, 'postgres')),
    ) ?? null
  );
}

/** Postgres refuses to run as root: then it runs as one of these. */
async function unprivileged(): Promise<{ uid: number; gid: number } | null> {
  if (process.getuid?.() !== 0) return null;
  for (const user of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all(
        ['-u', '-g'].map(async (option) => Number((await run('id', [option, user])).stdout)),
      );
      if (uid && gid) return { uid, gid };
    } catch {
      // Try the next.
    }
  }
  throw new Error('neither postgres nor nobody is a user of this machine');
}

export interface TestPostgres {
  /** URL of a new, empty database. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * A Postgres of its own in a temporary folder, reached by a socket in that folder.
 * @param fsync as in production; tests that kill processes, not machines, do without
 */
export async function startPostgres({ fsync = false } = {}): Promise<TestPostgres> {
  const bin = findPostgres();
  if (!bin) throw new Error('Postgres is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'lineside-pg-'));
  const user = await unprivileged();
  const identity = user ?? {};
  if (user) chownSync(folder, user.uid, user.gid);
  chmodSync(folder, 0o755);
  const data = join(folder, 'data');
  // Its working folder must be one that the other user may enter.
  await run(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-N', '-E', 'UTF8', '--locale=C'],
    {
      cwd: folder,
      ...identity,
    },
  );
  const child: ChildProcess = spawn(
    join(bin, 'postgres'),
    [
      '-D',
      data,
      '-k',
      folder,
      '-c',
      'listen_addresses=',
      '-c',
      `fsync=${fsync ? 'on' : 'off'}`,
      '-c',
      'max_connections=100',
    ],
    { cwd: folder, stdio: 'ignore', ...identity },
  );
  const kill = () => child.kill('SIGQUIT');
  process.once('exit', kill);
  const urlOf = (database: string) =>
    `postgresql://postgres@localhost/${database}?host=${encodeURIComponent(folder)}`;

  const query = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: urlOf('postgres') });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  for (let attempt = 0; ; attempt++) {
    try {
      await query('select 1');
      break;
    } catch (error) {
      if (attempt >= 300 || child.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return {
    async createDatabase() {
      const name = `t_${randomBytes(6).toString('hex')}`;
      await query(`create database ${name}`);
      return urlOf(name);
    },
    async stop() {
      process.off('exit', kill);
      const gone = new Promise((resolve) => child.once('exit', resolve));
      kill();
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
