import { readFile } from 'node:fs/promises';
import {
  decodeMessage,
  type FlagReason,
  LinesideError,
  openReference,
  type Reference,
  ReferenceEmbeddings,
  say,
} from '@lineside/shared';
import type { Inference, LoadedPackage } from '../inference/model.js';

/**
 * Whether a frame is unlike what its model was trained on. The reference of a package is read when its model first
 * decides, and until it is there nothing is novel: no decision waits for the disk.
 */
export class Novelty {
  readonly #references = new WeakMap<LoadedPackage, Reference | null>();
  readonly #onError: (error: LinesideError) => void;
  #reading: Promise<void> = Promise.resolve();

  constructor(onError: (error: LinesideError) => void) {
    this.#onError = onError;
  }

  judge({ model, embedding }: Pick<Inference, 'model' | 'embedding'>): FlagReason | null {
    const reference = this.#references.get(model);
    if (reference === undefined) this.#read(model);
    if (!reference) return null;
    const distance = reference.distance(embedding);
    if (distance <= reference.threshold) return null;
    return {
      kind: 'novel',
      // One half at the threshold, towards one the farther away.
      score: Number.isFinite(distance) ? 1 - 0.5 * (reference.threshold / distance) : 1,
      detail: say('flag_distance', {
        ...{ distance: distance.toFixed(2), usual: reference.threshold.toFixed(2) },
      }),
    };
  }

  /** Resolves when the references asked for so far are read. */
  async settled(): Promise<void> {
    await this.#reading;
  }

  #read(model: LoadedPackage): void {
    this.#references.set(model, null);
    const { referencePath, manifest } = model;
    if (referencePath === null) return;
    this.#reading = this.#reading.then(async () => {
      try {
        const reference = openReference(decodeMessage(ReferenceEmbeddings, await readFile(referencePath)));
        const { space, dimensions } = manifest.embedding;
        if (reference.space !== space || reference.dimensions !== dimensions) {
          throw new LinesideError('model_contract', `the reference is of the space ${reference.space}`);
        }
        this.#references.set(model, reference);
      } catch (error) {
        const message = `${manifest.version}: novelty is not judged: ${(error as Error).message}`;
        this.#onError(new LinesideError('model_contract', message, { cause: error }));
      }
    });
  }
}
