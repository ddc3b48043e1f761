import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Augmentation } from '../finetune/augment.js';
import type { FineTuneMode } from '../finetune/modes.js';
import type { Fits } from '../tuning/fits.js';
import { type PictureFile, writeJobFolder } from './job-folder.js';
import { isProgressLine } from './progress-line.js';
import { readTorchResult } from './read-result.js';

/** Has the PyTorch trainer carry out the job in a folder, wherever a launcher starts it; each line is what it said, parsed. */
export type RunTorch = (folder: string, onLine: (line: unknown) => void) => Promise<void>;

export interface TorchTrainer {
  readonly run: RunTorch;
  /** One a row. */
  readonly pictures: readonly PictureFile[];
}

/**
 * Fits by the PyTorch trainer. Each has a folder of its own in `parent`; what a trainer wrote there before it was killed is
 * what the next one goes on from.
 */
export function torchFits(
  { run, pictures }: TorchTrainer,
  job: {
    readonly parent: string;
    readonly backbonePath: string;
    readonly mode: FineTuneMode;
    readonly augmentation: Augmentation | undefined;
  },
): Fits {
  return async (name, problem, options, onProgress) => {
    const folder = join(job.parent, `torch-${name}`);
    const { mode, augmentation } = job;
    const backbone = await readFile(job.backbonePath);
    await writeJobFolder(folder, { problem, backbone, pictures, mode, options, augmentation });
    await run(folder, (line) => {
      if (!isProgressLine(line)) return;
      const { validation } = line.last;
      onProgress?.({
        ...line,
        last: { ...line.last, validation: validation && { ...validation, logits: [] } },
      });
    });
    return readTorchResult(folder, problem);
  };
}
