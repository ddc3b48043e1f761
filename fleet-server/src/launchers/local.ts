import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jobFiles } from '../learning/torch/job-folder.js';
import { runTrainerProcess } from './child.js';
import type { Launcher } from './launcher.js';

const trainerRoot = fileURLToPath(new URL('../../../trainer-torch', import.meta.url));
const environment = { PYTHONPATH: trainerRoot, PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' };
const trainerArgs = (folder: string) => [
  ...['-m', 'lineside_trainer', '--end-with-stdin', '--job', join(folder, jobFiles.job)],
];

/** One process on this machine. */
export const localLauncher = (python: string): Launcher => ({
  kind: 'local',
  run: (folder, options) => runTrainerProcess(python, trainerArgs(folder), environment, options),
});

/** Several on this machine, by PyTorch's own launcher: usually one for each GPU. */
export const torchrunLauncher = (python: string, processes: string): Launcher => ({
  kind: 'torchrun',
  run: (folder, options) =>
    runTrainerProcess(
      python,
      [
        ...['-m', 'torch.distributed.run', '--standalone', `--nproc_per_node=${processes}`],
        ...trainerArgs(folder),
      ],
      environment,
      options,
    ),
});
