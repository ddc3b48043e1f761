import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.js';

/** A real file system of its own that can be full and that can be made read-only. */
export interface SmallDisk {
  path: string;
  /** Resolves when it is done: the kernel refuses while a file is being written. */
  readOnly(yes: boolean): Promise<void>;
  unmount(): void;
}

/** @throws when this process may not mount */
export function mountSmallDisk(bytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'lineside-disk-'));
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: 'pipe' });
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'lineside-test', path);
  } catch (error) {
    rmdirSync(path);
    throw error;
  }
  return {
    path,
    readOnly: (yes) =>
      until('the disk to be remounted', () => {
        const options = `remount,${yes ? 'ro' : 'rw'}`;
        return new Promise((resolve) => execFile('mount', ['-o', options, path], (error) => resolve(!error)));
      }),
    unmount() {
      run('umount', '--lazy', path);
      rmdirSync(path);
    },
  };
}

/** Why tests on a disk of their own cannot run here; false when they can. */
export function whyNoSmallDisk(): string | false {
  try {
    mountSmallDisk(1 << 20).unmount();
    return false;
  } catch {
    return 'this user may not mount a file system';
  }
}
