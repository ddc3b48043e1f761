const buffersKept = 3;

/**
 * Memory in which pictures go to a worker and come back. Workers that follow each other share it: memory that is new to
 * the process has to be cleared page by page, on the thread that serves all cameras.
 */
export class TransferBuffers {
  readonly #buffers: ArrayBuffer[] = [];

  take(length: number): ArrayBuffer {
    const buffer = this.#buffers.pop();
    return buffer && buffer.byteLength >= length ? buffer : new ArrayBuffer(length);
  }

  giveBack(buffer: ArrayBuffer): void {
    if (this.#buffers.length < buffersKept) this.#buffers.push(buffer);
  }
}
