import { LinesideError } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

/** A linear classifier on raw embeddings: probabilities = softmax((W·x + b) / temperature). */
export interface Head {
  readonly classes: number;
  readonly dimensions: number;
  /** [classes × dimensions], row-major; standardisation is folded in. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly temperature: number;
}

export const zeroHead = (classes: number, dimensions: number): Head => ({
  classes,
  dimensions,
  weights: new Float32Array(classes * dimensions),
  bias: new Float32Array(classes),
  temperature: 1,
});

/** The head as stored beside a model version, to score kept embeddings again. */
export const SerializedHead = Type.Object(
  {
    classIds: Type.Array(Type.String(), { description: 'In the order of the probabilities' }),
    space: Type.String({ description: 'Embedding space the head reads' }),
    dimensions: Type.Integer({ minimum: 1 }),
    weights: Type.String({ description: 'base64 of float32 [classes, dimensions], little-endian' }),
    bias: Type.String({ description: 'base64 of float32 [classes], little-endian' }),
    temperature: Type.Number({ exclusiveMinimum: 0 }),
  },
  { additionalProperties: false },
);
export type SerializedHead = Static<typeof SerializedHead>;

const validator = Compile(SerializedHead);

const toBase64 = (values: Float32Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

const fromBase64 = (text: string): Float32Array => {
  const bytes = Buffer.from(text, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.byteLength & ~3)));
};

export const serializeHead = (head: Head, classIds: readonly string[], space: string): SerializedHead => ({
  classIds: [...classIds],
  space,
  dimensions: head.dimensions,
  weights: toBase64(head.weights),
  bias: toBase64(head.bias),
  temperature: head.temperature,
});

/** @throws LinesideError `model_invalid` when the value is not a head or its sizes disagree. */
export function parseHead(value: unknown): Head & { classIds: string[]; space: string } {
  if (!validator.Check(value))
    throw new LinesideError('model_invalid', 'the stored head does not match its schema');
  const { classIds, space, dimensions, temperature } = value;
  const weights = fromBase64(value.weights);
  const bias = fromBase64(value.bias);
  if (bias.length !== classIds.length || weights.length !== classIds.length * dimensions) {
    throw new LinesideError('model_invalid', 'the stored head has the wrong size');
  }
  return { classIds, space, classes: classIds.length, dimensions, weights, bias, temperature };
}
