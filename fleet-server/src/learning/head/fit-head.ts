import { fitTemperature } from '../calibrate.js';
import {
  type CrossValidation,
  crossValidate,
  fitSeen,
  type OnFold,
  pickRows,
  unseenLogit,
} from './cross-validate.js';
import { allRows } from './dense.js';
import type { Head } from './head.js';
import { principalBasis, toOriginalSpace } from './principal-basis.js';
import type { RegressionData } from './softmax-regression.js';
import { measureScaling, standardise } from './standardise.js';

export interface LabelledFeatures {
  /** [n, dimensions], raw embeddings. */
  readonly features: Float32Array;
  readonly dimensions: number;
  readonly labels: Int32Array;
  readonly groups: readonly string[];
  readonly classes: number;
}

export interface FittedHead {
  readonly head: Head;
  readonly validation: CrossValidation;
  /** What it was fitted on: the rows in their basis. */
  readonly data: RegressionData;
}

/**
 * Rare classes weigh more than their share, by a power of the imbalance: full balancing would let three odd frames of
 * a class outvote three hundred, none at all lets the model ignore the class.
 */
export function tempered(labels: Int32Array, classes: number, exponent = 0.75): Float64Array {
  const counts = new Float64Array(classes);
  for (const label of labels) counts[label]!++;
  const weights = Float64Array.from(labels, (label) => counts[label]! ** -exponent);
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  return weights.map((weight) => weight / mean);
}

/** Standardise, choose C, fit on every row, calibrate the temperature on the out-of-fold answers, fold it all back. */
export async function fitHead(input: LabelledFeatures, seed: number, onFold?: OnFold): Promise<FittedHead> {
  const prepared = prepare(input);
  const validation = await crossValidate(prepared.data, input.groups, seed, onFold);
  const temperature = fitTemperature(informedRows(validation, input.labels, input.classes));
  return { head: headOf(input, prepared, validation.c, temperature), validation, data: prepared.data };
}

/** The head of these rows at a C and a temperature that are chosen already. */
export const fitHeadAt = (input: LabelledFeatures, c: number, temperature: number): Head =>
  headOf(input, prepare(input), c, temperature);

function prepare({ features, dimensions, labels, classes }: LabelledFeatures) {
  const scaling = measureScaling(features, dimensions);
  const basis = principalBasis(standardise(features, scaling), dimensions);
  const data: RegressionData = {
    scores: basis.scores,
    rank: basis.rank,
    energies: basis.energies,
    labels,
    classes,
    weights: tempered(labels, classes),
  };
  return { scaling, basis, data };
}

function headOf(
  { dimensions, labels, classes }: LabelledFeatures,
  { scaling, basis, data }: ReturnType<typeof prepare>,
  c: number,
  temperature: number,
): Head {
  const { seen, parameters } = fitSeen(data, allRows(labels.length), c);
  const inStandardised = toOriginalSpace(basis, parameters, seen.length);
  const weights = new Float32Array(classes * dimensions);
  const bias = new Float32Array(classes).fill(unseenLogit * temperature);
  for (const [k, label] of seen.entries()) {
    let offset = parameters[seen.length * basis.rank + k]!;
    for (let j = 0; j < dimensions; j++) {
      const weight = inStandardised[k * dimensions + j]! / scaling.deviation[j]!;
      weights[label * dimensions + j] = weight;
      offset -= weight * scaling.mean[j]!;
    }
    bias[label] = offset;
  }
  return { classes, dimensions, weights, bias, temperature };
}

const informedRows = ({ logits, informed }: CrossValidation, labels: Int32Array, classes: number) =>
  pickRows(
    logits,
    labels,
    classes,
    allRows(labels.length).filter((row) => informed[row]),
  );
