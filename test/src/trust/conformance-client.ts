import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { TufClient } from '@lineside/agent/update/tuf-client';
import { LinesideError } from '@lineside/shared';

/*
 * The device's client behind the command line that the TUF conformance suite calls: `init ROOT`, `refresh`, `download`.
 * https://github.com/theupdateframework/tuf-conformance
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'metadata-dir': { type: 'string' },
    'metadata-url': { type: 'string' },
    'target-name': { type: 'string' },
    'target-base-url': { type: 'string' },
    'target-dir': { type: 'string' },
  },
});
const needed = (name: keyof typeof values): string => {
  const value = values[name];
  if (value === undefined) throw new Error(`--${name} is needed`);
  return value;
};

/** Where the device has one port, the suite has two addresses: for metadata and for targets. */
const baseUrl = 'suite:/';
function addressOf(path: string): string {
  const name = path.replace(/^(suite:\/)?\/tuf\//, '');
  const isTarget = name.startsWith('targets/');
  const base = needed(isTarget ? 'target-base-url' : 'metadata-url').replace(/\/*$/, '/');
  return base + (isTarget ? name.slice('targets/'.length) : name);
}

const client = {
  baseUrl,
  async read(path: string, maximumBytes: number): Promise<{ status: number; data: Buffer }> {
    const response = await fetch(addressOf(path));
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of response.body ?? []) {
      length += chunk.byteLength;
      if (length > maximumBytes) throw new LinesideError('artifact_corrupt', `${path}: too long`);
      chunks.push(chunk);
    }
    return { status: response.status, data: Buffer.concat(chunks) };
  },
};

async function withClient<T>(work: (tuf: TufClient) => Promise<T>): Promise<T> {
  const stateDir = await mkdtemp(join(tmpdir(), 'lineside-tuf-'));
  try {
    const folder = resolve(needed('metadata-dir'));
    await symlink(folder, join(stateDir, 'tuf'));
    const tufRoot = await readFile(join(folder, 'root.json'), 'utf8');
    return await work(new TufClient({ stateDir, tufRoot, client }));
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}

const commands: Record<string, () => Promise<void>> = {
  async init() {
    await mkdir(needed('metadata-dir'), { recursive: true });
    await writeFile(join(needed('metadata-dir'), 'root.json'), await readFile(positionals[1] ?? ''));
  },
  refresh: () => withClient((tuf) => tuf.refresh()),
  async download() {
    const name = needed('target-name');
    const { data } = await withClient((tuf) => tuf.fetchTarget(name));
    await writeFile(join(needed('target-dir'), encodeURIComponent(name)), data);
  },
};

try {
  const command = commands[positionals[0] ?? ''];
  if (!command) throw new Error(`init, refresh or download, not ${positionals[0]}`);
  await command();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
