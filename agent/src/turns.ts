/** Lets one go at a time, in the order of asking. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /**
   * Resolves with the function that ends the turn.
   * @throws the signal's reason when it is aborted before the turn has come
   */
  async take(signal: AbortSignal): Promise<() => void> {
    const before = this.#last;
    let end = (): void => {};
    const own = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#last = before.then(() => own);
    const aborted = new Promise<never>((_resolve, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    try {
      await Promise.race([before, aborted]);
    } catch (error) {
      end();
      throw error;
    }
    aborted.catch(() => undefined);
    return end;
  }
}
