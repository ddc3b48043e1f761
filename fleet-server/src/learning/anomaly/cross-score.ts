import { groupedStratifiedFolds } from '../head/folds.js';
import { letEventsIn } from '../let-events-in.js';
import { auroc } from '../statistics/auroc.js';
import { distances, fitGaussians, imageScore } from './gaussians.js';
import { colourDistance } from './mean-colour.js';
import { addPatches, copyMoments, type Moments } from './moments.js';
import type { ReadFrame } from './read-frames.js';

export interface CrossScores {
  /** Of every good frame, by a model that has not seen its group. */
  readonly scores: readonly number[];
  readonly folds: number;
  readonly auroc: number | null;
  readonly meanColourAuroc: number | null;
}

const foldCount = 5;

/**
 * Scores the good frames fold by fold, and in each fold those of other classes, without the frames whose group the fold was
 * fitted on: the next picture of the same part is no test. The AUROCs are means over the folds.
 * @param total moments of all good frames
 * @throws LinesideError `training_cancelled` when the signal aborts
 */
export async function crossScore(
  good: readonly ReadFrame[],
  others: readonly ReadFrame[],
  total: Moments,
  seed: number,
  signal: AbortSignal | undefined,
  onFold: (done: number, folds: number) => void,
): Promise<CrossScores> {
  const groups = good.map(({ frame }) => frame.group);
  const assignment = groupedStratifiedFolds(new Int32Array(good.length), groups, 1, foldCount, seed);
  const folds = Math.max(...assignment) + 1;
  const scores = new Array<number>(good.length).fill(0);
  const figures: { model: number | null; colour: number | null }[] = [];
  for (let fold = 0; fold < folds; fold++) {
    onFold(fold, folds);
    const held = good.filter((_, row) => assignment[row] === fold);
    const fitted = good.filter((_, row) => assignment[row] !== fold);
    const moments = copyMoments(total);
    for (const { patches } of held) addPatches(moments, patches, -1);
    await letEventsIn(signal);
    const gaussians = fitGaussians(moments);
    const known = new Set(fitted.map(({ frame }) => frame.group));
    const strange = others.filter(({ frame }) => !known.has(frame.group));
    const scoreOf = async (frames: readonly ReadFrame[]): Promise<number[]> => {
      const found: number[] = [];
      for (const { patches } of frames) {
        await letEventsIn(signal);
        found.push(imageScore(distances(gaussians, patches)));
      }
      return found;
    };
    const heldScores = await scoreOf(held);
    for (const [at, score] of heldScores.entries()) scores[good.indexOf(held[at]!)] = score;
    const colour = colourDistance(fitted.map((each) => each.colour));
    figures.push({
      model: auroc(heldScores, await scoreOf(strange)),
      colour: auroc(
        held.map((each) => colour(each.colour)),
        strange.map((each) => colour(each.colour)),
      ),
    });
  }
  onFold(folds, folds);
  return {
    scores,
    folds,
    auroc: mean(figures.map(({ model }) => model)),
    meanColourAuroc: mean(figures.map(({ colour }) => colour)),
  };
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}
