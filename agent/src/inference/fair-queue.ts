/** Rises with every item, so that one that is put back finds its place again. */
export interface Ticketed {
  readonly ticket: number;
}

/** First in, first out within a lane; one after another among the lanes, so that no camera starves the others. */
export class FairQueue<T extends Ticketed> {
  /** Lanes with something waiting, the next one to be served first (a Map keeps insertion order). */
  readonly #lanes = new Map<string, T[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(lane: string, item: T): void {
    const waiting = this.#lanes.get(lane);
    if (waiting) waiting.push(item);
    else this.#lanes.set(lane, [item]);
    this.#size += 1;
  }

  /** Gives an item that was taken its place in its lane again. */
  putBack(lane: string, item: T): void {
    const waiting = this.#lanes.get(lane);
    if (!waiting) {
      this.push(lane, item);
      return;
    }
    const later = waiting.findIndex((other) => other.ticket > item.ticket);
    waiting.splice(later < 0 ? waiting.length : later, 0, item);
    this.#size += 1;
  }

  shift(): T | undefined {
    for (const [lane, waiting] of this.#lanes) {
      const item = waiting.shift();
      this.#lanes.delete(lane);
      if (waiting.length > 0) this.#lanes.set(lane, waiting);
      if (item === undefined) continue;
      this.#size -= 1;
      return item;
    }
    return undefined;
  }
}
