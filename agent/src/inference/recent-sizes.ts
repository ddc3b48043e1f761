import type { Pixels } from './model.js';

const kept = 4;

export type PictureSize = Pick<Pixels, 'width' | 'height'>;

/** The sizes of the pictures that came last, so that a new model can be warmed up on them. */
export class RecentSizes {
  #sizes: PictureSize[] = [];

  saw({ width, height }: PictureSize): void {
    const [newest] = this.#sizes;
    if (newest?.width === width && newest.height === height) return;
    this.#sizes = [
      { width, height },
      ...this.#sizes.filter((size) => size.width !== width || size.height !== height),
    ].slice(0, kept);
  }

  /** The latest first. */
  get all(): readonly PictureSize[] {
    return this.#sizes;
  }
}
