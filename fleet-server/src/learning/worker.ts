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
import { isWorkerRequest, type WorkerJob, type WorkerReply } from './worker-protocol.js';

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

const looked = (done: number, total: number) =>
  void reply({ type: 'progress', progress: { phase: 'inspect', done, total, message: '' } });

async function perform(job: WorkerJob): Promise<WorkerReply> {
  switch (job.type) {
    case 'train': {
      // A second core is no use to ingest if training is faster to take it.
      os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
      const result = await train(job.input, {
        runTorch,
        signal: cancel.signal,
        onProgress: (progress) => void reply({ type: 'progress', progress }),
      });
      return { type: 'result', job: 'train', result };
    }
    case 'anomaly': {
      os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
      const result = await trainAnomaly(job.input, {
        signal: cancel.signal,
        onProgress: (progress) => void reply({ type: 'progress', progress }),
      });
      return { type: 'result', job: 'anomaly', result };
    }
    case 'sweep': {
      os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
      const result = await runSweep(job.input, {
        signal: cancel.signal,
        onProgress: (progress) => void reply({ type: 'progress', progress }),
      });
      return { type: 'result', job: 'sweep', result };
    }
    case 'bootstrap':
      return { type: 'result', job: 'bootstrap', result: await bootstrap(job.input) };
    case 'heat-map':
      return { type: 'result', job: 'heat-map', result: await drawHeatMap(job.input) };
    case 'views':
      return { type: 'result', job: 'views', result: await drawViews(job.input) };
    case 'self-test':
      return { type: 'result', job: 'self-test', result: await selfTest(job.input) };
    case 'order':
      return { type: 'result', job: 'order', result: order(job.input) };
    case 'inspect': {
      os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
      const result = await inspect(job.input, { signal: cancel.signal, onProgress: looked });
      return { type: 'result', job: 'inspect', result };
    }
    case 'sketch': {
      os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
      return { type: 'result', job: 'sketch', result: await sketchFiles(job.input.paths, looked) };
    }
    case 'measure': {
      os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
      return { type: 'result', job: 'measure', result: await measureFiles(job.input.paths, looked) };
    }
    case 'near-pairs': {
      os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
      const result = await nearPairs(job.input, looked, cancel.signal);
      return { type: 'result', job: 'near-pairs', result };
    }
    case 'umap': {
      os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
      const result = await layOut(job.input, { signal: cancel.signal, onProgress: looked });
      return { type: 'result', job: 'umap', result };
    }
    case 'embed':
      os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
      return { type: 'result', job: 'embed', result: await embed(job.input) };
    case 'architecture':
      os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
      return { type: 'result', job: 'architecture', result: await checkArchitecture(job.input) };
  }
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
