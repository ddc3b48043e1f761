import {
  type DeviceClass,
  decodeMessage,
  deviceClassNames,
  GoldenFrames,
  isErrorCode,
} from '@lineside/shared';
import { load } from '../features.js';
import type { RgbImage } from '../image.js';
import { letEventsIn } from '../let-events-in.js';
import { type ImageModel, openImageModel } from '../onnx/session.js';
import { writePackageFile } from '../package-files.js';
import { type Agreement, measureAgreements } from '../quantise/agreement.js';
import { calibrateNetwork, quantiseNetwork } from '../quantise/quantise.js';
import { worthQuantising } from '../quantise/worthwhile.js';
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
 * Writes an 8-bit variant of the model for each class of devices, where it pays and answers as the model does; the report
 * says why it does not. The model ships in float whatever happens here.
 * @throws LinesideError `training_cancelled`, `storage_*`
 */
export async function makeVariants(input: VariantsInput, context: VariantsContext): Promise<MadeVariants> {
  const picked = pickFrames(input.fitted, input.held, input.seed);
  try {
    const worth = worthQuantising(input.bytes, picked.calibration.length);
    return worth.pays ? await quantiseAll(input, picked, context) : noVariants(worth.reason, worth.message);
  } catch (error) {
    const isOfTheModel = ['model_invalid', 'model_contract', 'inference_failed', 'training_too_few'] as const;
    if (!isOfTheModel.some((code) => isErrorCode(error, code))) throw error;
    return noVariants('failed', (error as Error).message);
  }
}

type Reason = VariantsReport['skipped'][number]['reason'];

const noVariants = (reason: Reason, message: string): MadeVariants => ({
  files: [],
  report: {
    calibrationFrames: 0,
    comparedOn: null,
    made: [],
    skipped: deviceClassNames.map((deviceClass) => ({ deviceClass, reason, message })),
  },
});

/** What was measured of one variant. */
interface Measured {
  readonly deviceClass: DeviceClass;
  readonly bytes: Uint8Array;
  readonly agreement: Agreement;
  readonly onGolden: Agreement;
}

async function quantiseAll(
  input: VariantsInput,
  picked: PickedFrames<VariantFrame>,
  context: VariantsContext,
): Promise<MadeVariants> {
  const { calibration, compared, comparedOn } = picked;
  const total = calibration.length + compared.length;
  let done = 0;
  async function* pictures(frames: readonly VariantFrame[], doing: string) {
    for (const { frame, label } of frames) {
      await letEventsIn(context.signal);
      const image = await load(frame.path);
      if (!('message' in image)) yield { image, label };
      context.onProgress(++done, total, `8-bit variants: ${doing}`);
    }
  }
  const calibrated = await calibrateNetwork(
    input.bytes,
    imagesOf(pictures(calibration, 'calibrating')),
    input.threads,
  );
  const variants = deviceClassNames.map((deviceClass) => ({
    deviceClass,
    bytes: quantiseNetwork(calibrated, deviceClass),
  }));
  const sessions: ImageModel[] = [];
  try {
    for (const { bytes } of variants) sessions.push(await openImageModel(bytes, input.threads));
    const agreements = await measureAgreements(input.model, sessions, pictures(compared, 'comparing'));
    const golden = decodeMessage(GoldenFrames, input.golden).frames.map((image) => ({ image }));
    const onGolden = await measureAgreements(input.model, sessions, golden);
    const measured = variants.map(
      (variant, at): Measured => ({ ...variant, agreement: agreements[at]!, onGolden: onGolden[at]! }),
    );
    return await keepThoseThatAgree(measured, input.outputDir, {
      calibrationFrames: calibrated.observed.pictures,
      comparedOn,
    });
  } finally {
    await Promise.all(sessions.map((session) => session.release()));
  }
}

async function* imagesOf(pictures: AsyncIterable<{ image: RgbImage }>): AsyncGenerator<RgbImage> {
  for await (const { image } of pictures) yield image;
}

async function keepThoseThatAgree(
  measured: readonly Measured[],
  outputDir: string,
  conditions: Pick<VariantsReport, 'calibrationFrames' | 'comparedOn'>,
): Promise<MadeVariants> {
  const files: VariantFile[] = [];
  const made: VariantsReport['made'] = [];
  const skipped: VariantsReport['skipped'] = [];
  for (const { deviceClass, bytes, agreement, onGolden } of measured) {
    const { sameAnswer } = agreement;
    const tolerance = Math.max(leastTolerance, toleranceMargin * onGolden.largestDifference);
    const message = disagreement(agreement, tolerance);
    if (message !== null) {
      skipped.push({ deviceClass, reason: 'disagrees', message, agreement });
      continue;
    }
    const file = await writePackageFile(outputDir, `model-int8-${deviceClass}.onnx`, bytes);
    const quantised = { deviceClass, sameAnswer: sameAnswer.value ?? 0, n: sameAnswer.n, tolerance };
    files.push({ file, quantised });
    made.push({ deviceClass, bytes: file.length, tolerance, agreement });
  }
  return { files, report: { ...conditions, made, skipped } };
}

/** Why a variant is not shipped; null: it is. */
function disagreement({ sameAnswer }: Agreement, tolerance: number): string | null {
  if (!((sameAnswer.value ?? 0) >= leastSameAnswers)) {
    const same = Math.round((sameAnswer.value ?? 0) * sameAnswer.n);
    return `the same answer on ${same} of ${sameAnswer.n} frames; ${100 * leastSameAnswers} % are needed`;
  }
  if (tolerance > largestTolerance) {
    const difference = (tolerance / toleranceMargin).toPrecision(2);
    return `a probability of a golden frame is off by ${difference}`;
  }
  return null;
}
