import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Debian's libfaketime for programs with threads; null when it is not installed. */
function library(): string | null {
  for (const folder of readdirSync('/usr/lib').filter((name) => name.endsWith('-linux-gnu'))) {
    const path = join('/usr/lib', folder, 'faketime');
    try {
      if (readdirSync(path).includes('libfaketimeMT.so.1')) return join(path, 'libfaketimeMT.so.1');
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

export const fakeTimeMissing = (): string | false =>
  library() === null && 'libfaketime is not installed: npm run setup:system';

/** The clocks of one process, moved from outside while it runs. */
export interface FakeTime {
  /** What the process is started with. */
  readonly env: NodeJS.ProcessEnv;
  /** @param spec as faketime takes it: `+1y`, `-30d`, `+0 x60`; seen by the process within a second */
  set(spec: string): Promise<void>;
}

/**
 * @param alsoMonotonic whether timers follow; else only the wall clock moves, as when somebody sets it
 * @throws Error when libfaketime is not installed
 */
export async function fakeTime(
  file: string,
  spec: string,
  { alsoMonotonic }: { alsoMonotonic: boolean },
): Promise<FakeTime> {
  const preload = library();
  if (preload === null) throw new Error('libfaketime is not installed');
  const set = (next: string) => writeFile(file, `${next}\n`);
  await set(spec);
  return {
    env: {
      LD_PRELOAD: preload,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: '1',
      ...(alsoMonotonic ? {} : { FAKETIME_DONT_FAKE_MONOTONIC: '1' }),
    },
    set,
  };
}
