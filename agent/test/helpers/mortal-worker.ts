import { parentPort } from 'node:worker_threads';
import type { InferRequest } from '../../src/inference/ort/worker-messages.js';

/** The real worker, which dies over a picture that begins with 13. */
parentPort?.on('message', ({ buffer }: InferRequest) => {
  if (buffer && new Uint8Array(buffer)[0] === 13) process.exit(3);
});
await import('../../src/inference/ort/worker.js');
