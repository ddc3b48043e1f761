import type { ServerResponse } from 'node:http';
import { type DecisionEvent, type DecisionSink, decisionJson } from './decision-sink.js';

const mostBytesWaiting = 1 << 20;
const mostReaders = 32;

/** Server-sent events of decisions: the local output that a line controller acts on. */
export class DecisionStream implements DecisionSink {
  readonly #readers = new Map<ServerResponse, string | null>();

  /** Whether one more reader may come. */
  get open(): boolean {
    return this.#readers.size < mostReaders;
  }

  /** @param cameraId only this camera's decisions; null: all */
  add(response: ServerResponse, cameraId: string | null): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      connection: 'keep-alive',
    });
    response.write(': decisions\n\n');
    this.#readers.set(response, cameraId);
    response.on('close', () => this.#readers.delete(response));
  }

  emit(event: DecisionEvent): void {
    if (this.#readers.size === 0) return;
    const text = `event: decision\ndata: ${decisionJson(event)}\n\n`;
    for (const [response, cameraId] of this.#readers) {
      if (cameraId !== null && cameraId !== event.cameraId) continue;
      // A reader that does not keep up is cut off and may come back: stale decisions are worse than a gap.
      if (response.writableLength > mostBytesWaiting) response.destroy();
      else response.write(text);
    }
  }

  async close(): Promise<void> {
    for (const response of this.#readers.keys()) response.end();
    this.#readers.clear();
  }
}
