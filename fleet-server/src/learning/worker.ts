import os from 'node:os';
import { type ErrorCode, LinesideError, toLinesideError } from '@lineside/shared';
import { drawHeatMap } from './anomaly/heat-map.js';
import { trainAnomaly } from './anomaly/train-anomaly.js';
import { checkArchitecture } from './architecture/check-architecture.js';
import { drawViews } from './augmented-views.js';
import { bootstrap } from './bootstrap.js';
import { embed } from './embed.js';
import { parseHead } from './head/head.js';
import { inspect } from './inspect/inspect.js';
import { measureFiles } from './inspect/picture-figures.js';
import type { OrderRequest, OrderResult } from './jobs/explorer.js';
import { nearPairs } from './leaks/near-pairs.js';
import { sketchFiles } from './leaks/sketch.js';
import { orderFrames } from './order/order.js';
import { scoreEmbeddings } from './rescore.js';
import { selfTest } from './self-test.js';
import { runSweep } from './sweep/run-sweep.js';
import { train } from './train.js';
import { layOut } from './umap/lay-out.js';
import {
  isWorkerRequest,
  type JobName,
  type TrainingProgress,
  type WorkerInputs,
  type WorkerJob,
  type WorkerReply,
  type WorkerResults,
} from './worker-protocol.js';

/**
 * Child-process entry (fork with advanced serialisation): one job, one answer, then it exits. It exits at once when the
 * parent goes; SIGTERM has no handler on purpose, so that it also ends a busy computation.
 */
const cancel = new AbortController();

function reply(message: WorkerReply): Promise<void> {
  return new Promise((resolve) => {
    if (!process.send || !process.connected) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
}

/** The job folder that was handed to the parent, until its end. */
let torchJob:
  | { readonly onLine: (line: unknown) => void; readonly end: (error: Error | null) => void }
  | undefined;

const runTorch = (folder: string, onLine: (line: unknown) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    torchJob = { onLine, end: (error) => (error ? reject(error) : resolve()) };
    void reply({ type: 'torch', folder });
  });

function order(input: OrderRequest): OrderResult {
  const head = input.head && parseHead(input.head);
  if (head && head.classes !== input.classNames.length) {
    throw new LinesideError('request_invalid', 'the head has another number of classes than there are names');
  }
  return orderFrames({ ...input, probabilities: head ? scoreEmbeddings(input.candidates, head) : undefined });
}

/** Codes of what nobody foresaw. */
const fallbacks: Partial<Record<WorkerJob['type'], ErrorCode>> = {
  train: 'training_failed',
  anomaly: 'training_failed',
  sweep: 'training_failed',
  architecture: 'model_invalid',
};

const { signal } = cancel;
const onProgress = (progress: TrainingProgress) => void reply({ type: 'progress', progress });
const looked = (done: number, total: number) => onProgress({ phase: 'inspect', done, total, message: '' });

type Work = {
  readonly [Name in JobName]: (
    input: WorkerInputs[Name],
  ) => WorkerResults[Name] | Promise<WorkerResults[Name]>;
};
const work: Work = {
  train: (input) => train(input, { runTorch, signal, onProgress }),
  anomaly: (input) => trainAnomaly(input, { signal, onProgress }),
  sweep: (input) => runSweep(input, { signal, onProgress }),
  bootstrap,
  architecture: checkArchitecture,
  'self-test': selfTest,
  'heat-map': drawHeatMap,
  views: drawViews,
  embed,
  sketch: ({ paths }) => sketchFiles(paths, looked),
  measure: ({ paths }) => measureFiles(paths, looked),
  'near-pairs': (input) => nearPairs(input, looked, signal),
  order,
  inspect: (input) => inspect(input, { signal, onProgress: looked }),
  umap: (input) => layOut(input, { signal, onProgress: looked }),
};
/** Somebody waits for these. All others run at a lower priority, so that ingest has the processor first. */
const prompt: ReadonlySet<JobName> = new Set(['bootstrap', 'self-test', 'heat-map', 'views', 'order']);

async function perform({ type, input }: WorkerJob): Promise<WorkerReply> {
  if (!prompt.has(type)) os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
  const result = await work[type](input as never);
  return { type: 'result', job: type, result } as WorkerReply;
}

process.on('disconnect', () => process.exit(1));
process.on('message', (message) => {
  if (!isWorkerRequest(message)) {
    void reply({ type: 'error', code: 'request_invalid', message: 'the job does not match its schema' }).then(
      () => process.exit(1),
    );
    return;
  }
  if (message.type === 'cancel') {
    cancel.abort();
    return;
  }
  if (message.type === 'torch-line') {
    torchJob?.onLine(message.line);
    return;
  }
  if (message.type === 'torch-end') {
    const { error } = message;
    torchJob?.end(error && new LinesideError(error.code, error.message));
    return;
  }
  const fallback = fallbacks[message.type] ?? 'internal';
  void perform(message)
    .catch((thrown: unknown): WorkerReply => {
      const error = toLinesideError(thrown, fallback);
      return { type: 'error', code: error.code, message: error.message };
    })
    .then(reply)
    .then(() => process.exit(0));
});
