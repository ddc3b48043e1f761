import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { LinesideError, toLinesideError } from '@lineside/shared/errors';
import { OrtSession } from './ort-session.js';
import type { WorkerReply, WorkerRequest, WorkerSetup } from './worker-messages.js';

// Imports from shared are by module here: a swap waits for this thread to start, and its heap counts.

/** Thread entry: opens one session, then answers one request after another. */
async function main(setup: WorkerSetup): Promise<void> {
  const port = parentPort;
  if (!port) throw new LinesideError('internal', 'worker.ts runs as a worker thread only');
  const reply = (message: WorkerReply, transfer: ArrayBuffer[] = []): void =>
    port.postMessage(message, transfer);

  // On Linux, of this thread alone, and of those that onnxruntime starts from it.
  if (setup.niceness > 0 && process.platform === 'linux') setPriority(0, setup.niceness);
  let session: OrtSession;
  try {
    session = await OrtSession.open(setup);
  } catch (error) {
    const { code, message } = toLinesideError(error, 'model_invalid');
    reply({ kind: 'refused', code, message });
    return;
  }

  port.on('message', async (request: WorkerRequest) => {
    if (request === 'end') process.exit();
    const { id, buffer, width, height } = request;
    const started = performance.now();
    try {
      const length = width * height * 3;
      const rgb = buffer ? new Uint8Array(buffer, 0, length) : new Uint8Array(length);
      const { probabilities, embedding } = await session.run(rgb, width, height);
      const inferenceMs = performance.now() - started;
      reply({ kind: 'result', id, buffer, probabilities, embedding, inferenceMs }, [
        ...(buffer ? [buffer] : []),
        probabilities.buffer,
        embedding.buffer,
      ]);
    } catch (error) {
      reply({ kind: 'failed', id, buffer, message: (error as Error).message }, buffer ? [buffer] : []);
    }
  });
  const { executionProvider, fallbackCause, optimised } = session;
  reply({ kind: 'ready', executionProvider, fallbackCause, optimised });
}

await main(workerData as WorkerSetup);
