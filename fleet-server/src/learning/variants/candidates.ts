import { type DeviceClass, type IntegerClass, integerClassNames, isErrorCode } from '@lineside/shared';
import { halveNetwork, worthHalving } from '../half/half.js';
import type { RgbImage } from '../image.js';
import { calibrateNetwork, quantiseNetwork } from '../quantise/quantise.js';
import { worthQuantising } from '../quantise/worthwhile.js';
import type { HalfRounding, VariantsReport } from './report.js';

/** A variant that is yet to be measured beside its model. */
export interface Candidate {
  readonly deviceClass: DeviceClass;
  readonly fileName: string;
  readonly bytes: Uint8Array;
  /** What answers here as the variant does on its device. */
  readonly measurable: Uint8Array;
  readonly rounding?: HalfRounding;
}

export interface Candidates {
  readonly made: readonly Candidate[];
  readonly skipped: VariantsReport['skipped'];
}

type Skipped = VariantsReport['skipped'][number];

const skippedFor = (
  deviceClasses: readonly DeviceClass[],
  reason: Skipped['reason'],
  message: string,
): Candidates => ({
  made: [],
  skipped: deviceClasses.map((deviceClass) => ({ deviceClass, reason, message })),
});

/** What is wrong with the model is a reason not to have a variant. @throws anything else */
export async function unlessTheModelFails<T>(
  work: () => Promise<T>,
  otherwise: (message: string) => T,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isOfTheModel = ['model_invalid', 'model_contract', 'inference_failed', 'training_too_few'] as const;
    if (!isOfTheModel.some((code) => isErrorCode(error, code))) throw error;
    return otherwise((error as Error).message);
  }
}

const everyN = <T>(frames: readonly T[], most: number): T[] => {
  const step = Math.max(1, Math.ceil(frames.length / most));
  return frames.filter((_, at) => at % step === 0);
};

/** Enough to see which maps of a network have large values: those hardly depend on the picture. */
const mostPeakFrames = 24;

/** Which frames the variants of a model will look at, before any does. @throws LinesideError `model_invalid` */
export function framesToLookAt<T>(bytes: Uint8Array, calibration: readonly T[]) {
  const worth = worthQuantising(bytes, calibration.length);
  const halves = worthHalving(bytes);
  return {
    worth,
    halves,
    calibrating: worth.pays ? calibration : [],
    peaks: halves ? everyN(calibration, mostPeakFrames) : [],
  };
}

interface Look {
  readonly bytes: Uint8Array;
  readonly threads: number;
  readonly pictures: AsyncIterable<RgbImage>;
}

/** In 8 bits for each class of processors. */
export const integerCandidates = (
  worth: ReturnType<typeof worthQuantising>,
  { bytes, threads, pictures }: Look,
): Promise<Candidates & { calibrationFrames: number }> =>
  unlessTheModelFails(
    async () => {
      if (!worth.pays) {
        return { ...skippedFor(integerClassNames, worth.reason, worth.message), calibrationFrames: 0 };
      }
      const calibrated = await calibrateNetwork(bytes, pictures, threads);
      const made = integerClassNames.map((deviceClass: IntegerClass): Candidate => {
        const variant = quantiseNetwork(calibrated, deviceClass);
        return {
          deviceClass,
          fileName: `model-int8-${deviceClass}.onnx`,
          bytes: variant,
          measurable: variant,
        };
      });
      return { made, skipped: [], calibrationFrames: calibrated.observed.pictures };
    },
    (message) => ({ ...skippedFor(integerClassNames, 'failed', message), calibrationFrames: 0 }),
  );

/** In fp16 for GPUs. */
export const halfCandidate = (worth: boolean, { bytes, threads, pictures }: Look): Promise<Candidates> =>
  unlessTheModelFails(
    async () => {
      if (!worth) {
        const message = 'the network has no product of constant float32 weights before its head';
        return skippedFor(['gpu'], 'no-convolutions', message);
      }
      const {
        bytes: variant,
        emulation,
        weights,
        keptInFloat,
      } = await halveNetwork(bytes, pictures, threads);
      const rounding: HalfRounding = { ...weights, keptInFloat };
      const names = { deviceClass: 'gpu', fileName: 'model-fp16-gpu.onnx' } as const;
      return { made: [{ ...names, bytes: variant, measurable: emulation, rounding }], skipped: [] };
    },
    (message) => skippedFor(['gpu'], 'failed', message),
  );
