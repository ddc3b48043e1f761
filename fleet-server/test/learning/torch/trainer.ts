import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Augmentation } from '../../../src/learning/finetune/augment.js';
import type { FineTuneInput } from '../../../src/learning/finetune/fine-tune.js';
import type { FineTuneMode } from '../../../src/learning/finetune/modes.js';
import type { FineTuneOptions } from '../../../src/learning/finetune/options.js';
import type { RgbImage } from '../../../src/learning/image.js';
import { type PictureFile, writeJobFolder } from '../../../src/learning/torch/job-folder.js';
import { encodePng } from '../fixtures.js';

export const python = '/usr/bin/python3';
export const trainerRoot = fileURLToPath(new URL('../../../../trainer-torch/', import.meta.url));

/** Why the trainer cannot run here; undefined when it can. */
export function trainerMissing(modules = ['torch', 'numpy', 'PIL']): string | undefined {
  try {
    execFileSync(python, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' });
    return undefined;
  } catch {
    return `${python} lacks one of ${modules.join(', ')}: npm run setup:system -- --with-torch`;
  }
}

export interface Ended {
  readonly status: number | null;
  readonly lines: readonly Record<string, unknown>[];
  readonly stderr: string;
}

/** Runs the trainer to its end, or kills it with SIGKILL once it says the line that `killAt` waits for. */
export const runTrainer = (
  job: string,
  env: Readonly<Record<string, string>> = {},
  killAt?: (line: Record<string, unknown>) => boolean,
): Promise<Ended> => runPython(['-m', 'lineside_trainer', '--job', job], env, killAt);

/** Several jobs in one process: loading torch takes longer than a small job. */
export const runJobs = (jobs: readonly string[]): Promise<Ended> => {
  const script = 'import sys, lineside_trainer.__main__ as m\nfor job in sys.argv[1:]: m.run(job)';
  return runPython(['-c', script, ...jobs], {});
};

function runPython(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  killAt?: (line: Record<string, unknown>) => boolean,
): Promise<Ended> {
  const child = spawn(python, args, {
    cwd: trainerRoot,
    env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: Record<string, unknown>[] = [];
  let [rest, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop()!;
    for (const part of parts) {
      const line = JSON.parse(part) as Record<string, unknown>;
      lines.push(line);
      if (killAt?.(line)) child.kill('SIGKILL');
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, lines, stderr }));
  });
}

/** Two processes that find each other as under torchrun. */
export async function runTwoRanks(job: string): Promise<Ended[]> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  const env = { WORLD_SIZE: '2', MASTER_ADDR: '127.0.0.1', MASTER_PORT: String(port) };
  return Promise.all(['0', '1'].map((RANK) => runTrainer(job, { ...env, RANK })));
}

/** A job folder for a problem whose pictures are drawn. */
export async function jobFor(
  folder: string,
  backbone: Uint8Array,
  problem: FineTuneInput,
  picture: (row: number) => RgbImage,
  mode: FineTuneMode,
  options: FineTuneOptions,
  augmentation?: Augmentation,
): Promise<string> {
  const pictures: PictureFile[] = [];
  await mkdir(join(folder, 'pictures'), { recursive: true });
  for (const row of problem.labels.keys()) {
    const bytes = await encodePng(picture(row));
    const path = join(folder, 'pictures', `${row}.png`);
    await writeFile(path, bytes);
    pictures.push({ frameId: `row-${row}`, sha256: createHash('sha256').update(bytes).digest('hex'), path });
  }
  await writeJobFolder(folder, { problem, backbone, pictures, mode, options, augmentation });
  return join(folder, 'job.json');
}
