import { abortable } from './abortable.js';

/** A connection, and the work under way on it: all of that fails when the connection is lost. */
export class Link<C> {
  readonly client: C;
  /** Resolves when the connection is gone, for whatever reason. */
  readonly closed: Promise<void>;
  readonly #cut: () => void;
  readonly #underWay = new Set<(error: Error) => void>();

  constructor(client: C, closed: Promise<void>, cut: () => void) {
    this.client = client;
    this.closed = closed;
    this.#cut = cut;
    void closed.then(() => {
      for (const fail of this.#underWay) fail(new Error('the connection was lost'));
    });
  }

  destroy(): void {
    this.#cut();
  }

  /** Settles as `work` does. When the signal aborts the connection is cut, so that nothing handed to it arrives late. */
  async run(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
    let fail = (_error: Error): void => {};
    const settled = new Promise<unknown>((resolve, reject) => {
      fail = reject;
      work.then(resolve, reject);
    });
    this.#underWay.add(fail);
    try {
      await abortable(settled, signal, () => this.destroy());
    } finally {
      this.#underWay.delete(fail);
    }
  }
}
