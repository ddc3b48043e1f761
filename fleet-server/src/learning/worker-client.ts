import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LinesideError } from '@lineside/shared';
import {
  isWorkerReply,
  type TrainingProgress,
  type WorkerJob,
  type WorkerReply,
  type WorkerResults,
} from './worker-protocol.js';

export interface LearningJobOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
  /** Called with the child's process id once it runs. */
  readonly onStart?: ((pid: number) => void) | undefined;
}

/** The child gets what the loader and native libraries need and no secret of the server. */
const inherited = ['PATH', 'HOME', 'TMPDIR', 'LD_LIBRARY_PATH', 'CUDA_VISIBLE_DEVICES'] as const;

/**
 * Runs one job in a process of its own. Aborting the signal ends the process at once; nothing is left running when the
 * promise settles.
 * @throws LinesideError with the worker's code; `training_cancelled` on abort; `training_failed` when the process dies.
 */
export async function runLearningJob<T extends WorkerJob['type']>(
  job: Extract<WorkerJob, { type: T }>,
  options: LearningJobOptions = {},
): Promise<WorkerResults[T]> {
  if (options.signal?.aborted) throw new LinesideError('training_cancelled');
  const child = fork(fileURLToPath(new URL('./worker.js', import.meta.url)), [], {
    serialization: 'advanced',
    execArgv: [],
    env: Object.fromEntries(
      inherited.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
    ),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) =>
      resolve(`the learning process ended (${signal ?? `exit code ${code}`})`),
    );
  });
  const stop = () => child.kill('SIGKILL');
  options.signal?.addEventListener('abort', stop, { once: true });
  if (child.pid !== undefined) options.onStart?.(child.pid);
  try {
    const answer = await Promise.race([conversation(child, job, options), ended]);
    if (options.signal?.aborted) throw new LinesideError('training_cancelled');
    if (typeof answer === 'string') throw new LinesideError('training_failed', answer);
    if (answer.type === 'error') throw new LinesideError(answer.code, answer.message);
    // The worker answers the job it was given.
    return answer.result as WorkerResults[T];
  } finally {
    options.signal?.removeEventListener('abort', stop);
    stop();
    await ended;
  }
}

type FinalReply = Exclude<WorkerReply, { type: 'progress' }>;

function conversation(
  child: ChildProcess,
  job: WorkerJob,
  { onProgress }: LearningJobOptions,
): Promise<FinalReply> {
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if (!isWorkerReply(message)) {
        reject(new LinesideError('internal', 'the learning process sent something else than a reply'));
      } else if (message.type === 'progress') onProgress?.(message.progress);
      else resolve(message);
    });
    // A child that is gone already is reported by its exit.
    child.send(job, () => undefined);
  });
}
