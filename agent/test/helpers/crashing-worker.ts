import { existsSync, writeFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { InferRequest, WorkerReply, WorkerSetup } from '../../src/inference/ort/worker-messages.js';

/** Answers at once; dies over a first byte of 14 always and over 13 the first time (a file remembers it). */
const { modelPath } = workerData as WorkerSetup;
const reply = (message: WorkerReply): void => parentPort?.postMessage(message);

parentPort?.on('message', ({ id, buffer }: InferRequest) => {
  const [first = 0] = buffer ? new Uint8Array(buffer) : [];
  const died = `${modelPath}.died`;
  if (first === 14) process.exit(3);
  if (first === 13 && !existsSync(died)) {
    writeFileSync(died, '');
    process.exit(3);
  }
  reply({
    kind: 'result',
    id,
    buffer,
    probabilities: new Float32Array([0.5, 0.5]),
    embedding: new Float32Array(3),
    inferenceMs: 0,
  });
});
reply({ kind: 'ready', executionProvider: 'cpu', fallbackCause: null, optimised: 'none' });
