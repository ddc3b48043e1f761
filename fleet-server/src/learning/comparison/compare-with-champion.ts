import { readFile } from 'node:fs/promises';
import { isErrorCode, LinesideError } from '@lineside/shared';
import { loadAgain } from '../features.js';
import { argmax } from '../head/cross-validate.js';
import { letEventsIn } from '../let-events-in.js';
import { openImageModel } from '../onnx/session.js';
import { type ComparedFrame, compareModels } from './compare-models.js';
import type { Champion } from './input.js';
import type { ModelComparison, NotComparedReason } from './report.js';

/** A test frame with what the new model said of it. */
export interface JudgedFrame {
  readonly frameId: string;
  readonly path: string;
  readonly label: number;
  readonly group: string;
  readonly answer: number;
}

interface Options {
  readonly threads: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  readonly onCompared?: ((done: number, total: number) => void) | undefined;
}

/** One class in common says nothing of how a model tells classes apart. */
const fewestSharedClasses = 2;

/**
 * Runs the champion's graph on the test frames and compares its answers with those of the new model. Left out are frames
 * of groups that taught the champion, and of classes it does not have: it could only be wrong there. A champion that
 * cannot be run is no reason to lose the new model.
 * @throws LinesideError `training_cancelled`, `training_failed` when a picture is gone.
 */
export async function compareWithChampion(
  champion: Champion,
  frames: readonly JudgedFrame[],
  classIds: readonly string[],
  options: Options,
): Promise<ModelComparison> {
  const excluded = { taughtChampion: 0, unknownToChampion: 0 };
  const notCompared = (reason: NotComparedReason): ModelComparison => ({
    ...{ verdict: 'not-compared', reason, champion: champion.modelVersion, excluded },
    ...{ overall: null, slices: [] },
  });
  if ('reason' in champion) return notCompared(champion.reason);
  const shared = classIds.filter((id) => champion.classIds.includes(id));
  if (shared.length < fewestSharedClasses) return notCompared('classes-differ');
  if (frames.length === 0) return notCompared('no-test-frames');

  const origins = new Map(champion.frames.map((frame) => [frame.frameId, frame]));
  const fair = frames.flatMap((frame) => {
    const origin = origins.get(frame.frameId);
    if (!origin || origin.taught) excluded.taughtChampion++;
    else if (!champion.classIds.includes(classIds[frame.label]!)) excluded.unknownToChampion++;
    else return [{ frame, origin }];
    return [];
  });
  if (fair.length === 0) return notCompared('no-frames-left');
  const answers = await answersOf(
    champion,
    fair.map(({ frame }) => frame.path),
    options,
  );
  if (!answers) return notCompared('champion-unusable');
  const compared = fair.map(({ frame, origin }, at): ComparedFrame => {
    const { label, group, answer } = frame;
    const { device, shift } = origin;
    const theirs = classIds.indexOf(champion.classIds[answers[at]!]!);
    return {
      ...{ label, group, device, shift, class: classIds[label]! },
      ...{ champion: theirs, challenger: answer },
    };
  });
  return {
    ...compareModels(compared, classIds.length, options.seed),
    ...{ reason: null, champion: champion.modelVersion, excluded },
  };
}

/** The class index that the champion gives each picture; null when its graph cannot be run. */
async function answersOf(
  { modelPath, classIds }: Extract<Champion, { modelPath: string }>,
  paths: readonly string[],
  { threads, signal, onCompared }: Options,
): Promise<number[] | null> {
  try {
    const model = await openImageModel(await readFile(modelPath), threads);
    try {
      const answers: number[] = [];
      for (const path of paths) {
        const { probabilities } = await model.run(await loadAgain(path));
        if (probabilities?.length !== classIds.length) throw new LinesideError('model_contract');
        answers.push(argmax(probabilities, 0, classIds.length));
        onCompared?.(answers.length, paths.length);
        await letEventsIn(signal);
      }
      return answers;
    } finally {
      await model.release();
    }
  } catch (error) {
    if (isErrorCode(error, 'model_invalid', 'model_contract', 'inference_failed')) return null;
    throw error;
  }
}
