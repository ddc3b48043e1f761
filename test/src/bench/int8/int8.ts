import { readFile } from 'node:fs/promises';
import { readDeviceClasses } from '@lineside/agent/inference/device-classes';
import { ensureDefaultBackbone } from '@lineside/fleet-server/learning/backbone/default-backbone';
import { composeFeatureExtractor, composeModel } from '@lineside/fleet-server/learning/compose';
import { fitHead } from '@lineside/fleet-server/learning/head/fit-head';
import type { RgbImage } from '@lineside/fleet-server/learning/image';
import { type ImageModel, openImageModel } from '@lineside/fleet-server/learning/onnx/session';
import { measureAgreement } from '@lineside/fleet-server/learning/quantise/agreement';
import { deviceClasses } from '@lineside/fleet-server/learning/quantise/device-classes';
import { calibrateNetwork, quantiseNetwork } from '@lineside/fleet-server/learning/quantise/quantise';
import type { IntegerClass } from '@lineside/shared';
import { median } from '../percentile.js';
import { type Bench, type BenchResult, rounded } from '../report.js';
import { drawSurface, pictureClasses } from './pictures.js';
import { buildResnet18, resnet18Dimensions } from './resnet18.js';

const size = 224;
const trainingPictures = 100;
const comparedPictures = 100;
const rounds = 10;
const inferencesPerRound = 15;
/** After each turn of the other model, whose weights have filled the caches. */
const warmUps = 3;

interface Labelled {
  readonly image: RgbImage;
  readonly label: number;
}

const drawn = (count: number, firstSeed: number): Labelled[] =>
  Array.from({ length: count }, (_, at) => {
    const label = at % pictureClasses;
    return { image: drawSurface(label, firstSeed + at, size), label };
  });

/** Fits a head on the backbone, so that the answers mean something, and writes the whole classifier. */
async function fittedModel(backbone: Uint8Array, dimensions: number, pictures: readonly Labelled[]) {
  const contract = { inputSize: size, dimensions };
  const extractor = await openImageModel(composeFeatureExtractor(backbone, contract), 1);
  const features = new Float32Array(pictures.length * dimensions);
  for (const [row, { image }] of pictures.entries()) {
    features.set((await extractor.run(image)).embedding, row * dimensions);
  }
  await extractor.release();
  const labels = Int32Array.from(pictures, ({ label }) => label);
  const groups = pictures.map((_, at) => String(at));
  const { head } = await fitHead({ features, dimensions, labels, groups, classes: pictureClasses }, 1);
  return composeModel(backbone, contract, head);
}

/** Milliseconds of single inferences, the two taking turns so that a machine's changes of speed meet both. */
async function latencies(models: Record<'fp32' | 'int8', ImageModel>, image: RgbImage) {
  const times = { fp32: [] as number[], int8: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    for (const kind of ['fp32', 'int8'] as const) {
      for (let run = 0; run < warmUps + inferencesPerRound; run++) {
        const started = performance.now();
        await models[kind].run(image);
        if (run >= warmUps) times[kind].push(performance.now() - started);
      }
    }
  }
  return { fp32: median(times.fp32), int8: median(times.int8) };
}

export const int8Bench: Bench = {
  summary:
    "latency of this processor's 8-bit variant on one thread beside the float model, MobileNetV2 and ResNet-18; agreement",
  async run({ workDir, say }) {
    const result: BenchResult = { figures: {}, references: {}, ratios: {}, skipped: [], ok: true };
    const deviceClass = readDeviceClasses().find((each): each is IntegerClass => each in deviceClasses);
    if (!deviceClass) return { ...result, skipped: ['no 8-bit variant is made for this processor'] };
    say(`variant for ${deviceClasses[deviceClass].summary}`);
    const mobilenet = await ensureDefaultBackbone(workDir);
    const backbones = {
      mobilenetv2: { bytes: await readFile(mobilenet.path), dimensions: mobilenet.dimensions },
      resnet18: { bytes: buildResnet18(size), dimensions: resnet18Dimensions },
    };
    const training = drawn(trainingPictures, 0);
    const compared = drawn(comparedPictures, trainingPictures);
    const [first] = compared;
    for (const [name, backbone] of Object.entries(backbones)) {
      const bytes = await fittedModel(backbone.bytes, backbone.dimensions, training);
      const started = performance.now();
      const calibrated = await calibrateNetwork(
        bytes,
        training.map(({ image }) => image),
        1,
      );
      const variant = quantiseNetwork(calibrated, deviceClass);
      const quantiseSeconds = (performance.now() - started) / 1000;
      const [fp32, int8] = await Promise.all([openImageModel(bytes, 1), openImageModel(variant, 1)]);
      try {
        const ms = await latencies({ fp32, int8 }, (first as Labelled).image);
        const agreement = await measureAgreement(fp32, int8, compared);
        const same = agreement.sameAnswer.value ?? 0;
        const accuracy = agreement.accuracy;
        say(
          `${name}: ${rounded(ms.fp32)} ms in float, ${rounded(ms.int8)} ms in 8 bits; ` +
            `${rounded(100 * same)} % of ${comparedPictures} answers the same, ` +
            `largest difference of a probability ${rounded(agreement.largestDifference)}`,
        );
        Object.assign(result.figures, {
          [`${name}Int8Ms`]: rounded(ms.int8),
          [`${name}Int8Bytes`]: variant.length,
          [`${name}QuantiseSeconds`]: rounded(quantiseSeconds),
          [`${name}SameAnswerShare`]: rounded(same),
          [`${name}LargestProbabilityDifference`]: rounded(agreement.largestDifference),
          [`${name}Int8AccuracyShare`]: rounded(accuracy.variant.value ?? 0),
        });
        Object.assign(result.references, {
          [`${name}Fp32Ms`]: rounded(ms.fp32),
          [`${name}Fp32Bytes`]: bytes.length,
          [`${name}Fp32AccuracyShare`]: rounded(accuracy.model.value ?? 0),
        });
        Object.assign(result.ratios, {
          [`${name}Int8ToFp32Ms`]: rounded(ms.int8 / ms.fp32),
          [`${name}Int8ToFp32Speed`]: rounded(ms.fp32 / ms.int8),
          [`${name}Int8ToFp32Bytes`]: rounded(variant.length / bytes.length),
        });
      } finally {
        await Promise.all([fp32.release(), int8.release()]);
      }
    }
    return result;
  },
};
