import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LinesideError, toLinesideError } from '@lineside/shared';
import {
  isWorkerReply,
  type TrainingProgress,
  type WorkerJob,
  type WorkerReply,
  type WorkerRequest,
  type WorkerResults,
} from './worker-protocol.js';

export interface LearningJobOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
  /** Called with the child's process id once it runs. */
  readonly onStart?: ((pid: number) => void) | undefined;
  /** Has the PyTorch trainer do the job in a folder; the signal aborts when the child is gone. */
  readonly runTorch?:
    | ((folder: string, onLine: (line: unknown) => void, signal: AbortSignal) => Promise<void>)
    | undefined;
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
  const elsewhere = torchJobs(child, options.runTorch);
  options.signal?.addEventListener('abort', stop, { once: true });
  if (child.pid !== undefined) options.onStart?.(child.pid);
  try {
    const answer = await Promise.race([conversation(child, job, options, elsewhere.start), ended]);
    if (options.signal?.aborted) throw new LinesideError('training_cancelled');
    if (typeof answer === 'string') throw new LinesideError('training_failed', answer);
    if (answer.type === 'error') throw new LinesideError(answer.code, answer.message);
    // The worker answers the job it was given.
    return answer.result as WorkerResults[T];
  } finally {
    options.signal?.removeEventListener('abort', stop);
    stop();
    await ended;
    await elsewhere.stop();
  }
}

/** What the child hands on to a trainer elsewhere; nothing of it is left when `stop` resolves. */
function torchJobs(child: ChildProcess, run: LearningJobOptions['runTorch']) {
  const gone = new AbortController();
  const running = new Set<Promise<void>>();
  const tell = (message: WorkerRequest) => {
    // A child that is gone already is reported by its exit.
    if (child.connected) child.send(message, () => undefined);
  };
  const perform = async (folder: string): Promise<void> => {
    try {
      if (!run) throw new LinesideError('training_failed', 'there is no launcher for the PyTorch trainer');
      await run(folder, (line) => tell({ type: 'torch-line', line }), gone.signal);
      tell({ type: 'torch-end', error: null });
    } catch (thrown) {
      const { code, message } = toLinesideError(thrown, 'training_failed');
      tell({ type: 'torch-end', error: { code, message } });
    }
  };
  return {
    start(folder: string): void {
      const work = perform(folder).finally(() => running.delete(work));
      running.add(work);
    },
    async stop(): Promise<void> {
      gone.abort();
      await Promise.all(running);
    },
  };
}

type FinalReply = Exclude<WorkerReply, { type: 'progress' | 'torch' }>;

function conversation(
  child: ChildProcess,
  job: WorkerJob,
  { onProgress }: LearningJobOptions,
  onTorch: (folder: string) => void,
): Promise<FinalReply> {
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if (!isWorkerReply(message)) {
        reject(new LinesideError('internal', 'the learning process sent something else than a reply'));
      } else if (message.type === 'progress') onProgress?.(message.progress);
      else if (message.type === 'torch') onTorch(message.folder);
      else resolve(message);
    });
    // A child that is gone already is reported by its exit.
    child.send(job, () => undefined);
  });
}
