import { decodeMessage, deviceClassNames, GoldenFrames, say } from '@lineside/shared';
import { load } from '../features.js';
import type { RgbImage } from '../image.js';
import { letEventsIn } from '../let-events-in.js';
import { type ImageModel, openImageModel } from '../onnx/session.js';
import { writePackageFile } from '../package-files.js';
import { type Agreement, type ComparedPicture, measureAgreements } from '../quantise/agreement.js';
import {
  type Candidate,
  framesToLookAt,
  halfCandidate,
  integerCandidates,
  unlessTheModelFails,
} from './candidates.js';
import { type Labelled, type PickedFrames, pickFrames } from './pick-frames.js';
import type { VariantFile, VariantsReport } from './report.js';

/** Fewer equal answers than this share, and the variant is not shipped. */
const leastSameAnswers = 0.97;
/** Twice what was measured here leaves room for another processor's kernels. */
const toleranceMargin = 2;
const leastTolerance = 0.05;
/** A golden frame that the model is sure of would pass with any answer. */
const largestTolerance = 0.5;

export interface VariantFrame extends Labelled {
  readonly frame: { readonly path: string };
}

export interface VariantsInput {
  /** The float model that ships, and its session. */
  readonly bytes: Uint8Array;
  readonly model: ImageModel;
  /** `GoldenFrames` of the package. */
  readonly golden: Uint8Array;
  readonly fitted: readonly VariantFrame[];
  readonly held: readonly VariantFrame[];
  readonly outputDir: string;
  readonly threads: number;
  readonly seed: number;
}

export interface VariantsContext {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (done: number, total: number, message: string) => void;
}

export interface MadeVariants {
  readonly files: VariantFile[];
  readonly report: VariantsReport;
}

/**
 * Writes a variant of the model in 8 bits for each class of processors and one in fp16 for GPUs, where it pays and answers
 * as the model does; the report says why it does not. The model ships in float whatever happens here.
 * @throws LinesideError `training_cancelled`, `storage_*`
 */
export function makeVariants(input: VariantsInput, context: VariantsContext): Promise<MadeVariants> {
  const picked = pickFrames(input.fitted, input.held, input.seed);
  return unlessTheModelFails(
    () => makeAll(input, picked, context),
    (message) => ({
      files: [],
      report: {
        ...{ calibrationFrames: 0, comparedOn: null, made: [] },
        skipped: deviceClassNames.map((deviceClass) => ({ deviceClass, reason: 'failed', message })),
      },
    }),
  );
}

async function makeAll(
  input: VariantsInput,
  { calibration, compared, comparedOn }: PickedFrames<VariantFrame>,
  context: VariantsContext,
): Promise<MadeVariants> {
  const { bytes, threads } = input;
  const { worth, halves, calibrating, peaks } = framesToLookAt(bytes, calibration);
  const total = calibrating.length + peaks.length + compared.length;
  let done = 0;
  async function* pictures(frames: readonly VariantFrame[], doing: string) {
    for (const { frame, label } of frames) {
      await letEventsIn(context.signal);
      const image = await load(frame.path);
      if (!('message' in image)) yield { image, label };
      context.onProgress(++done, total, `${say('training_variants')}: ${doing}`);
    }
  }
  const look = (frames: readonly VariantFrame[], doing: string) => ({
    ...{ bytes, threads },
    pictures: imagesOf(pictures(frames, doing)),
  });
  const integers = await integerCandidates(worth, look(calibrating, say('training_calibrating')));
  const half = await halfCandidate(halves, look(peaks, say('training_peaks')));
  const candidates = [...integers.made, ...half.made];
  const skipped = [...integers.skipped, ...half.skipped];
  const { calibrationFrames } = integers;
  if (candidates.length === 0) {
    return { files: [], report: { calibrationFrames, comparedOn: null, made: [], skipped } };
  }
  const measured = await measure(input, candidates, pictures(compared, 'comparing'));
  const { files, report } = await keepThoseThatAgree(measured, input.outputDir);
  return {
    files,
    report: { calibrationFrames, comparedOn, made: report.made, skipped: [...skipped, ...report.skipped] },
  };
}

async function* imagesOf(pictures: AsyncIterable<{ image: RgbImage }>): AsyncGenerator<RgbImage> {
  for await (const { image } of pictures) yield image;
}

/** What was measured of one variant. */
interface Measured extends Candidate {
  readonly agreement: Agreement;
  readonly onGolden: Agreement;
}

async function measure(
  input: VariantsInput,
  candidates: readonly Candidate[],
  compared: AsyncIterable<ComparedPicture>,
): Promise<Measured[]> {
  const sessions: ImageModel[] = [];
  try {
    for (const { measurable } of candidates) sessions.push(await openImageModel(measurable, input.threads));
    const agreements = await measureAgreements(input.model, sessions, compared);
    const golden = decodeMessage(GoldenFrames, input.golden).frames.map((image) => ({ image }));
    const onGolden = await measureAgreements(input.model, sessions, golden);
    return candidates.map((candidate, at) => ({
      ...candidate,
      agreement: agreements[at]!,
      onGolden: onGolden[at]!,
    }));
  } finally {
    await Promise.all(sessions.map((session) => session.release()));
  }
}

async function keepThoseThatAgree(measured: readonly Measured[], outputDir: string) {
  const files: VariantFile[] = [];
  const made: VariantsReport['made'] = [];
  const skipped: VariantsReport['skipped'] = [];
  for (const { deviceClass, fileName, bytes, rounding, agreement, onGolden } of measured) {
    const { sameAnswer } = agreement;
    const tolerance = Math.max(leastTolerance, toleranceMargin * onGolden.largestDifference);
    const message = disagreement(agreement, tolerance);
    if (message !== null) {
      skipped.push({ deviceClass, reason: 'disagrees', message, agreement });
      continue;
    }
    const file = await writePackageFile(outputDir, fileName, bytes);
    const quantised = { deviceClass, sameAnswer: sameAnswer.value ?? 0, n: sameAnswer.n, tolerance };
    files.push({ file, quantised });
    made.push({ deviceClass, bytes: file.length, tolerance, agreement, ...(rounding && { rounding }) });
  }
  return { files, report: { made, skipped } };
}

/** Why a variant is not shipped; null: it is. */
function disagreement({ sameAnswer }: Agreement, tolerance: number): string | null {
  if (!((sameAnswer.value ?? 0) >= leastSameAnswers)) {
    const same = Math.round((sameAnswer.value ?? 0) * sameAnswer.n);
    return `the same answer on ${same} of ${sameAnswer.n} frames; ${100 * leastSameAnswers} % are needed`;
  }
  if (!(tolerance <= largestTolerance)) {
    const difference = (tolerance / toleranceMargin).toPrecision(2);
    return `a probability of a golden frame is off by ${difference}`;
  }
  return null;
}
