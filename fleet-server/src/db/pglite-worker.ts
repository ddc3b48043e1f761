import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';

/** To the worker: protocol bytes to run, or null to close. From it: `{ ready }`, `{ reply }`, `{ failure }`, `{ closed }`. */
export type PgliteWorkerReply =
  | { ready: true }
  | { reply: Uint8Array }
  | { failure: string }
  | { closed: true };

const port = parentPort;
if (!port) throw new Error('pglite-worker runs in a worker thread');
const send = (message: PgliteWorkerReply, transfer: ArrayBuffer[] = []) =>
  port.postMessage(message, transfer);

try {
  const db = await PGlite.create((workerData as { folder: string }).folder);
  let last: Promise<void> = Promise.resolve();
  const run = async (message: Uint8Array | null) => {
    try {
      if (message === null) {
        await db.close();
        send({ closed: true });
        port.close();
        return;
      }
      const reply = await db.execProtocolRaw(message);
      // PGlite hands out views of its own memory or buffers: send a copy that owns its bytes.
      const copy = new Uint8Array(reply);
      send({ reply: copy }, [copy.buffer]);
    } catch (error) {
      send({ failure: error instanceof Error ? error.message : String(error) });
    }
  };
  port.on('message', (message: Uint8Array | null) => {
    last = last.then(() => run(message));
  });
  send({ ready: true });
} catch (error) {
  send({ failure: error instanceof Error ? error.message : String(error) });
  port.close();
}
