import { createHash } from 'node:crypto';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Augmentation } from '../finetune/augment.js';
import type { FitProblem } from '../finetune/fine-tune.js';
import type { FineTuneMode } from '../finetune/modes.js';
import type { FineTuneOptions } from '../finetune/options.js';

/** A job's files, the same names in its folder and under its URL. */
export const jobFiles = {
  job: 'job.json',
  dataset: 'frames.json',
  backbone: 'backbone.onnx',
  frames: 'frames',
  output: 'output',
} as const;
/** What the trainer writes to `output`. */
export const outputFiles = ['checkpoint.safetensors', 'weights.safetensors', 'result.json'] as const;

export interface PictureFile {
  readonly frameId: string;
  readonly sha256: string;
  readonly path: string;
}

export interface TorchJob {
  readonly problem: FitProblem;
  /** ONNX, as it is: the trainer finds the tensors by name. */
  readonly backbone: Uint8Array;
  /** One a row. */
  readonly pictures: readonly PictureFile[];
  readonly mode: FineTuneMode;
  readonly options: FineTuneOptions;
  readonly augmentation: Augmentation | undefined;
}

/** Writes a job folder that needs nothing outside it; pictures are links to their files. */
export async function writeJobFolder(
  folder: string,
  { problem, backbone, pictures, mode, options, augmentation }: TorchJob,
): Promise<void> {
  const { plan, head, labels, train, validation } = problem;
  await mkdir(join(folder, jobFiles.frames), { recursive: true });
  const split = (row: number, name: string) => {
    const { frameId, sha256 } = pictures[row]!;
    return { id: frameId, sha256, image: `${jobFiles.frames}/${sha256}`, label: labels[row]!, split: name };
  };
  const frames = [
    ...Array.from(train, (row) => split(row, 'train')),
    ...Array.from(validation, (row) => split(row, 'validation')),
  ];
  const paths = new Map(
    [...train, ...validation].map((row) => [pictures[row]!.sha256, pictures[row]!.path] as const),
  );
  for (const [sha256, path] of paths) {
    await symlink(path, join(folder, jobFiles.frames, sha256)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  const { threads: _, ...rest } = options;
  const job = {
    v: 1,
    backbone: {
      source: jobFiles.backbone,
      sha256: createHash('sha256').update(backbone).digest('hex'),
    },
    inputSize: plan.pictureShape[1],
    dataset: jobFiles.dataset,
    head: {
      weights: Array.from({ length: head.classes }, (_, k) => [
        ...head.weights.subarray(k * head.dimensions, (k + 1) * head.dimensions),
      ]),
      bias: [...head.bias],
      temperature: head.temperature,
    },
    mode,
    trainable: plan.trainable.map(({ name }) => name),
    options: { ...rest, batch: plan.batch },
    augmentation: augmentation ?? null,
    output: jobFiles.output,
  };
  await writeFile(join(folder, jobFiles.backbone), backbone);
  await writeFile(join(folder, jobFiles.dataset), JSON.stringify(frames));
  await writeFile(join(folder, jobFiles.job), JSON.stringify(job));
}
