import { setTimeout as delay } from 'node:timers/promises';

/**
 * Collects what arrives while the last group is being written and writes it as the next one, so that the cost of a
 * commit is shared by all who wait. Order of arrival is kept. `submit` resolves when the item's group is written.
 */
export class GroupCommit<T> {
  private waiting: { item: T; resolve: () => void; reject: (error: unknown) => void }[] = [];
  private running: Promise<void> | null = null;

  constructor(
    private readonly write: (items: T[]) => Promise<void>,
    private readonly maximum = 256,
    /** Waits so long before each group, so that there are fewer; 0: as soon as the last is written. */
    private readonly gatherMs = 0,
  ) {}

  get length(): number {
    return this.waiting.length;
  }

  submit(item: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      this.running ??= this.drain();
    });
  }

  /** Resolves when everything submitted so far is settled. */
  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  private async drain(): Promise<void> {
    // One turn of the event loop, so that what came in the same read joins the group.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) {
      if (this.gatherMs > 0) await delay(this.gatherMs);
      const group = this.waiting.splice(0, this.maximum);
      try {
        await this.write(group.map(({ item }) => item));
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.running = null;
  }
}
