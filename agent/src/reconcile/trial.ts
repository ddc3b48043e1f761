import { readFile } from 'node:fs/promises';
import type { ModelTarget } from '@lineside/shared';
import type { ReconcileState } from './state-file.js';

export type ModelTrial = NonNullable<ReconcileState['trial']>;

/**
 * The trial that begins now. One that is still noted ended with the process: that counts against the model, unless the
 * machine itself went down after the model had decided, which an ordinary power cut does too.
 */
export function nextTrial(before: ModelTrial | null, model: ModelTarget, bootId: string): ModelTrial {
  const { releaseCounter, manifestSha256 } = model;
  const same = before?.releaseCounter === releaseCounter && before.manifestSha256 === manifestSha256;
  const powerCut = same && before.decided === true && before.bootId !== bootId;
  const starts = same ? before.starts + (powerCut ? 0 : 1) : 1;
  return { releaseCounter, manifestSha256, starts, bootId };
}

/** Differs with every start of the machine; empty where the system does not say. */
export const readBootId = async (): Promise<string> =>
  (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim();
