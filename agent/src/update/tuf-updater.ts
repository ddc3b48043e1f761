import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Updater } from 'tuf-js';

/*
 * Two things that tuf-js 4.1 has no option for. Both are members of its `Updater`; the attack tests of this client fail
 * where another version does not have them.
 */

/** The moment by which expiry is judged: tuf-js takes the system's clock. */
export function judgeBy(updater: Updater, at: Date): void {
  const trusted = Reflect.get(updater, 'trustedSet') as { referenceTime: Date };
  trusted.referenceTime = at;
}

/**
 * tuf-js overwrites its files in place: a power cut in the middle would leave a torn one, and with it the memory of which
 * versions have been seen.
 */
export function keepDurably(updater: Updater, folder: string): void {
  const keep = (name: string, data: Buffer): void => {
    const path = join(folder, `${encodeURIComponent(name)}.json`);
    const temporary = `${path}.tmp`;
    const file = openSync(temporary, 'w', 0o600);
    try {
      writeFileSync(file, data);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    const names = openSync(folder, 'r');
    try {
      fsyncSync(names);
    } finally {
      closeSync(names);
    }
  };
  Reflect.set(updater, 'persistMetadata', keep);
}
