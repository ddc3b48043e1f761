import type { Luma } from './luma.js';
import { bestShift, correlationAt } from './measures.js';
import { RunningQuantiles } from './running-quantiles.js';

/** Where the camera looks, against where it looked. */
export interface ViewVerdict {
  /** Share of the picture's width; null: the present picture is not the reference moved. */
  readonly shift: number | null;
  /** The camera, which usually shows the same scene, shows another. */
  readonly lost: boolean;
}

/** Pictures averaged into the reference: what moves through the scene blurs away, what stands still remains. */
const learnt = 20;
/** How fast the reference follows the light. */
const following = 1 / 500;
/** Above this, nothing has moved that is worth a search. */
const sameScene = 0.85;
/** A moved picture agrees with the reference at least so well, and so much better than unmoved. */
const leastCorrelation = 0.6;
const leastGain = 0.15;
/** Of the picture's width: farther than that there is too little overlap to tell. */
const reach = 0.4;
/** A scene that is usually above this counts as steady; under the other one it is no longer the same. */
const steady = 0.5;
const foreign = 0.2;

/** Remembers what the camera usually shows, as a tiny picture, and finds it again when the camera has been knocked. */
export class View {
  #sum: Float32Array | null = null;
  #count = 0;
  #reference: Luma | null = null;
  readonly #correlations = new RunningQuantiles();

  /** Null while the reference is being learnt. */
  judge(present: Luma): ViewVerdict | null {
    const reference = this.#reference;
    if (!reference || reference.values.length !== present.values.length) {
      this.#learn(present);
      return null;
    }
    const unmoved = correlationAt(reference, present, 0, 0);
    if (unmoved >= sameScene) {
      this.#follow(reference, present, unmoved);
      return { shift: 0, lost: false };
    }
    const reachX = Math.floor(reach * reference.width);
    const reachY = Math.min(reachX, Math.floor(reference.height / 2));
    const best = bestShift(reference, present, reachX, reachY);
    if (best.correlation >= leastCorrelation && best.correlation >= unmoved + leastGain) {
      return { shift: Math.hypot(best.x, best.y) / reference.width, lost: false };
    }
    const usual = this.#correlations.usual;
    const lost =
      usual !== null && usual.low >= steady && best.correlation < leastCorrelation && unmoved < foreign;
    if (!lost) this.#follow(reference, present, unmoved);
    return { shift: lost ? null : 0, lost };
  }

  #learn(present: Luma): void {
    if (this.#sum?.length !== present.values.length) {
      this.#sum = new Float32Array(present.values.length);
      this.#count = 0;
    }
    for (const [at, value] of present.values.entries()) this.#sum[at]! += value / learnt;
    this.#count += 1;
    if (this.#count === learnt) this.#reference = { ...present, values: this.#sum };
  }

  #follow(reference: Luma, present: Luma, correlation: number): void {
    this.#correlations.add(correlation);
    for (const [at, value] of present.values.entries()) {
      reference.values[at]! += following * (value - reference.values[at]!);
    }
  }
}
