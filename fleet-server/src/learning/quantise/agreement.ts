import { LinesideError } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { argmax } from '../head/cross-validate.js';
import type { RgbImage } from '../image.js';
import { Proportion, proportion } from '../metrics.js';
import type { ImageModel, ImageModelOutput } from '../onnx/session.js';

/** A variant of a model against the model itself, picture by picture. */
export const Agreement = Type.Object(
  {
    sameAnswer: Proportion,
    largestDifference: Type.Number({ minimum: 0, description: 'Largest |Δ probability|' }),
    meanDifference: Type.Number({
      minimum: 0,
      description: 'Mean |Δ probability| over pictures and classes',
    }),
    embeddingDistance: Type.Number({
      minimum: 0,
      description: 'Mean of |Δ embedding| / |embedding|: what reference embeddings of the model are off by',
    }),
    accuracy: Type.Object(
      { model: Proportion, variant: Proportion },
      { additionalProperties: false, description: 'On the pictures with a label' },
    ),
  },
  { additionalProperties: false, description: 'Shares with their Wilson intervals' },
);
export type Agreement = Static<typeof Agreement>;

export interface ComparedPicture {
  readonly image: RgbImage;
  /** Class index; absent where nobody has labelled it. */
  readonly label?: number | undefined;
}

/**
 * Runs both on pictures that neither was calibrated on.
 * @throws LinesideError `model_contract` when one gives no probabilities or they differ in number; `inference_failed`.
 */
export async function measureAgreement(
  model: ImageModel,
  variant: ImageModel,
  pictures: Iterable<ComparedPicture> | AsyncIterable<ComparedPicture>,
): Promise<Agreement> {
  const [agreement] = await measureAgreements(model, [variant], pictures);
  return agreement!;
}

/** Several variants beside one model, which looks at each picture once. @throws as `measureAgreement` */
export async function measureAgreements(
  model: ImageModel,
  variants: readonly ImageModel[],
  pictures: Iterable<ComparedPicture> | AsyncIterable<ComparedPicture>,
): Promise<Agreement[]> {
  const tallies = variants.map((variant) => ({ variant, tally: new Tally() }));
  for await (const { image, label } of pictures) {
    const expected = await model.run(image);
    for (const { variant, tally } of tallies) tally.add(expected, await variant.run(image), label);
  }
  return tallies.map(({ tally }) => tally.agreement());
}

class Tally {
  #count = 0;
  #same = 0;
  #labelled = 0;
  #right = { model: 0, variant: 0 };
  #largest = 0;
  #differences = 0;
  #distances = 0;

  add(expected: ImageModelOutput, actual: ImageModelOutput, label: number | undefined): void {
    const own = expected.probabilities;
    const other = actual.probabilities;
    if (!own || !other || own.length !== other.length) {
      throw new LinesideError('model_contract', 'model and variant give different probabilities or none');
    }
    const answers = { model: argmax(own, 0, own.length), variant: argmax(other, 0, other.length) };
    this.#count++;
    if (answers.model === answers.variant) this.#same++;
    if (label !== undefined) {
      this.#labelled++;
      if (answers.model === label) this.#right.model++;
      if (answers.variant === label) this.#right.variant++;
    }
    const apart = Array.from(own, (probability, k) => Math.abs(probability - other[k]!));
    this.#largest = Math.max(this.#largest, ...apart);
    this.#differences += apart.reduce((sum, difference) => sum + difference, 0) / own.length;
    this.#distances += relativeDistance(expected.embedding, actual.embedding);
  }

  agreement(): Agreement {
    const count = this.#count;
    return {
      sameAnswer: proportion(this.#same, count),
      largestDifference: this.#largest,
      meanDifference: count > 0 ? this.#differences / count : 0,
      embeddingDistance: count > 0 ? this.#distances / count : 0,
      accuracy: {
        model: proportion(this.#right.model, this.#labelled),
        variant: proportion(this.#right.variant, this.#labelled),
      },
    };
  }
}

function relativeDistance(a: Float32Array, b: Float32Array): number {
  const length = Math.hypot(...a);
  return length > 0 ? Math.hypot(...a.map((value, at) => value - (b[at] ?? 0))) / length : 0;
}
