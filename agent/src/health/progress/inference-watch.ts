interface Lane {
  underWay: number;
  /** When the model last answered, or was first asked after a pause. */
  sinceMs: number;
}

/** Which cameras wait for an answer of the model, and for how long. Costs a frame two additions. */
export class InferenceWatch {
  readonly #lanes = new Map<string, Lane>();
  readonly #monotonicMs: () => number;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  async track<T>(cameraId: string, answer: Promise<T>): Promise<T> {
    const lane = this.#lane(cameraId);
    if (lane.underWay === 0) lane.sinceMs = this.#monotonicMs();
    lane.underWay += 1;
    try {
      return await answer;
    } finally {
      lane.underWay -= 1;
      lane.sinceMs = this.#monotonicMs();
    }
  }

  /** How long a frame of this camera has been at the model without an answer; null: none is. */
  waitingMs(cameraId: string): number | null {
    const lane = this.#lanes.get(cameraId);
    return lane && lane.underWay > 0 ? this.#monotonicMs() - lane.sinceMs : null;
  }

  #lane(cameraId: string): Lane {
    const known = this.#lanes.get(cameraId);
    if (known) return known;
    const fresh = { underWay: 0, sinceMs: 0 };
    this.#lanes.set(cameraId, fresh);
    return fresh;
  }
}
