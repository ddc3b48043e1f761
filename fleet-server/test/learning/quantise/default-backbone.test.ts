import { readFile } from 'node:fs/promises';
import t from 'tap';
import { composeFeatureExtractor, composeModel } from '../../../src/learning/compose.js';
import { halveNetwork } from '../../../src/learning/half/half.js';
import { fitHead } from '../../../src/learning/head/fit-head.js';
import { DataType } from '../../../src/learning/onnx/proto.js';
import { openImageModel } from '../../../src/learning/onnx/session.js';
import { measureAgreement } from '../../../src/learning/quantise/agreement.js';
import { calibrateNetwork, quantiseNetwork } from '../../../src/learning/quantise/quantise.js';
import { worthQuantising } from '../../../src/learning/quantise/worthwhile.js';
import { backboneIn, drawTexture, textures } from '../fixtures.js';
import { fusedOperators, graphOf } from './networks.js';

/** Pictures of every texture in turn, with their labels. */
const drawn = (from: number, to: number) =>
  Array.from({ length: (to - from) * textures.length }, (_, at) => {
    const label = at % textures.length;
    return { image: drawTexture(textures[label]!, from + Math.floor(at / textures.length)), label };
  });

t.test(
  'the default backbone with a fitted head answers in 8 bits and in fp16 as it does in float',
  async (t) => {
    const folder = t.testdir();
    const backbone = await backboneIn(folder);
    const bytes = await readFile(backbone.path);
    const training = drawn(0, 34);
    const extractor = await openImageModel(composeFeatureExtractor(bytes, backbone), 1);
    const features = new Float32Array(training.length * backbone.dimensions);
    for (const [row, { image }] of training.entries()) {
      features.set((await extractor.run(image)).embedding, row * backbone.dimensions);
    }
    await extractor.release();
    const { head } = await fitHead(
      {
        features,
        dimensions: backbone.dimensions,
        labels: Int32Array.from(training, ({ label }) => label),
        groups: training.map((_, at) => `part-${at}`),
        classes: textures.length,
      },
      1,
    );
    const composed = composeModel(bytes, backbone, head);
    t.strictSame(worthQuantising(composed, training.length), { pays: true });
    const calibrated = await calibrateNetwork(
      composed,
      training.map(({ image }) => image),
      1,
    );
    const model = await openImageModel(composed, 1);
    t.teardown(() => model.release());
    const unseen = drawn(100, 134);

    for (const device of ['x86-vnni', 'x86', 'arm64'] as const) {
      const quantised = quantiseNetwork(calibrated, device);
      const variant = await openImageModel(quantised, 1);
      t.teardown(() => variant.release());
      const agreement = await measureAgreement(model, variant, unseen);
      const { sameAnswer, accuracy, largestDifference, meanDifference, embeddingDistance } = agreement;
      t.comment(device, sameAnswer.value, accuracy.model.value, accuracy.variant.value);
      t.comment(device, largestDifference, meanDifference, embeddingDistance);
      t.ok((sameAnswer.value ?? 0) >= 0.97, `${device}: ${sameAnswer.value} of the answers are the same`);
      const lost = accuracy.model.value! - accuracy.variant.value!;
      t.ok(lost <= 0.02, `${device}: ${lost} of the accuracy lost`);

      const convolutions = graphOf(composed).initializer.filter(
        ({ dataType, dims }) => dataType === DataType.FLOAT && dims.length === 4,
      );
      const size = convolutions.reduce((sum, { rawData }) => sum + rawData.length, 0);
      t.ok(quantised.length <= 0.35 * size, `${device}: ${quantised.length} bytes for ${size}`);
    }
    const half = await halveNetwork(
      composed,
      training.slice(0, 9).map(({ image }) => image),
      1,
    );
    t.ok(half.bytes.length < 0.55 * composed.length, `${half.bytes.length} bytes in fp16`);
    t.match(half, { keptInFloat: 0, weights: { clamped: 0 } });
    const emulated = await openImageModel(half.emulation, 1);
    t.teardown(() => emulated.release());
    const asOnGpu = await measureAgreement(model, emulated, unseen);
    t.comment('fp16', asOnGpu.sameAnswer.value, asOnGpu.largestDifference, asOnGpu.embeddingDistance);
    t.ok(asOnGpu.sameAnswer.value! >= 0.97 && asOnGpu.largestDifference < 0.05);
    const fused = await fusedOperators(quantiseNetwork(calibrated, 'x86-vnni'), `${folder}/fused.onnx`);
    const inFloat = fused.filter((op) => op === 'Conv' || op === 'FusedConv');
    t.equal(inFloat.length, 0, 'no convolution is left in float, that of the pixels neither');
  },
);
