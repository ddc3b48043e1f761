import { join } from 'node:path';
import t, { type Test } from 'tap';
import {
  DataType,
  floatData,
  floats,
  model,
  node,
  serializeModel,
  shapeOf,
  tensor,
  valueInfo,
} from '../../../src/learning/onnx/proto.js';
import { type ImageModel, openImageModel } from '../../../src/learning/onnx/session.js';
import { measureAgreement } from '../../../src/learning/quantise/agreement.js';
import { ChannelMeans } from '../../../src/learning/quantise/channel-means.js';
import { deviceClasses, type IntegerClass } from '../../../src/learning/quantise/device-classes.js';
import { foldBatchNormalization } from '../../../src/learning/quantise/fold-batch-normalization.js';
import { producersOf, readNetwork, writeNetwork } from '../../../src/learning/quantise/network.js';
import { calibrateNetwork, quantiseNetwork } from '../../../src/learning/quantise/quantise.js';
import type { RangeMethod } from '../../../src/learning/quantise/ranges/methods.js';
import { foldScaling, rangeOfPixels } from '../../../src/learning/quantise/scaling.js';
import { splitStem } from '../../../src/learning/quantise/split-stem.js';
import { Builder, classifier, fusedOperators, graphOf, operators, side, surfaces } from './networks.js';

const allDevices = Object.keys(deviceClasses) as IntegerClass[];
const calibration = surfaces(0, 6);
const fresh = surfaces(50, 60).map((image) => ({ image }));

async function agreementOf(t: Test, bytes: Uint8Array, variant: Uint8Array) {
  const [model, other] = await Promise.all([openImageModel(bytes, 1), openImageModel(variant, 1)]);
  t.teardown(() => Promise.all([model.release(), other.release()]));
  return measureAgreement(model, other, fresh);
}

/** Every kind of node that a residual network of the catalogue has. */
function residualNetwork(): Uint8Array {
  const net = new Builder();
  net.op('Relu', [net.conv('pixels', 'stem', [3, 16])], 'stem_relu');
  net.op('MaxPool', ['stem_relu'], 'halved', { kernel_shape: [2, 2], strides: [2, 2] });
  net.constant('zero', [0], []);
  net.constant('six', [6], []);
  net.op('Clip', [net.conv('halved', 'depthwise', [16, 16], 16), 'zero', 'six'], 'depthwise_clip');
  net.op('Add', [net.conv('depthwise_clip', 'project', [16, 16]), 'halved'], 'sum');
  net.op('Relu', ['sum'], 'sum_relu');
  net.op('Relu', [net.conv('sum_relu', 'left', [16, 8])], 'left_relu');
  net.op('Concat', ['left_relu', net.conv('sum_relu', 'right', [16, 8])], 'joined', { axis: 1 });
  return net.classifier('joined', 16);
}

t.test('a residual network runs on integers behind its first convolution', async (t) => {
  const bytes = residualNetwork();
  const calibrated = await calibrateNetwork(bytes, calibration, 1);
  t.equal(calibrated.observed.pictures, calibration.length);
  const variant = quantiseNetwork(calibrated, 'x86-vnni');

  const own = operators(variant);
  const clamps = own.filter((op) => op === 'Relu' || op === 'Clip');
  t.strictSame(clamps, ['Relu'], 'but for the first in float, their clamp is the quantiser’s');
  const untouched = ['Unsqueeze', 'Transpose', 'Cast', 'Resize', 'Mul', 'Add', 'Conv', 'Relu', 'MaxPool'];
  t.strictSame(
    own.slice(0, untouched.length),
    untouched,
    'so are preprocessing and a 3×3 convolution of pixels',
  );
  t.strictSame(own.slice(-3), ['Gemm', 'Softmax', 'Squeeze'], 'and so does the head');
  const { output, input } = graphOf(bytes);
  t.strictSame({ output: graphOf(variant).output, input: graphOf(variant).input }, { output, input });

  const fused = await fusedOperators(variant, join(t.testdir(), 'fused.onnx'));
  const count = (op: string) => fused.filter((other) => other === op).length;
  t.equal(count('QLinearConv'), 4);
  t.strictSame([count('QLinearAdd'), count('QLinearConcat'), count('Conv') + count('FusedConv')], [1, 1, 1]);
  t.equal(count('QuantizeLinear'), 1, 'where the integers begin');
});

t.test('every device class and range method answers as fp32 does', async (t) => {
  const bytes = residualNetwork();
  const calibrated = await calibrateNetwork(bytes, calibration, 1);
  for (const device of allDevices) {
    for (const method of ['minmax', 'percentile', 'mse'] as RangeMethod[]) {
      const agreement = await agreementOf(t, bytes, quantiseNetwork(calibrated, device, method));
      t.ok((agreement.sameAnswer.value ?? 0) >= 0.96, `${device} ${method}: ${agreement.sameAnswer.value}`);
      t.ok(agreement.largestDifference < 0.06, `${device} ${method}: Δp ${agreement.largestDifference}`);
      t.ok(agreement.embeddingDistance < 0.06, `${device} ${method}: ${agreement.embeddingDistance}`);
    }
  }
});

t.test('weights and activations are stored as the device class wants them', async (t) => {
  const calibrated = await calibrateNetwork(residualNetwork(), calibration, 1);
  for (const device of allDevices) {
    const { activations, weightLimit } = deviceClasses[device];
    const { initializer } = graphOf(quantiseNetwork(calibrated, device));
    const weights = initializer.filter(({ name }) => name.endsWith('_int8_weight_stored'));
    t.equal(weights.length, 4);
    const steps = weights.flatMap(({ rawData }) => [...new Int8Array(rawData.slice().buffer)]);
    t.equal(Math.max(...steps.map(Math.abs)), weightLimit, `${device}: full range and no more`);
    for (const weight of weights) {
      const scale = initializer.find(({ name }) => name === weight.name.replace('_stored', '_scale'));
      t.strictSame(scale && shapeOf(scale), shapeOf(weight).slice(0, 1), 'a scale for each channel');
    }
    const zero = initializer.find(({ name }) => name === 'backbone_halved_zero_point');
    t.equal(zero?.dataType, activations === 'uint8' ? 2 : 3);
  }
});

t.test('what rounding the weights shifts on average, the bias takes back', async (t) => {
  const bytes = residualNetwork();
  const calibrated = await calibrateNetwork(bytes, calibration, 1);
  const zeros = new Map([...calibrated.observed.means.keys()].map((name) => [name, new ChannelMeans()]));
  for (const zero of zeros.values()) zero.add(new Float32Array(16), 16);
  const uncorrected = { ...calibrated, observed: { ...calibrated.observed, means: zeros } };
  const [model, corrected, shifted] = await Promise.all(
    [bytes, quantiseNetwork(calibrated, 'x86'), quantiseNetwork(uncorrected, 'x86')].map((own) =>
      openImageModel(own, 1),
    ),
  );
  t.teardown(() => Promise.all([model, corrected, shifted].map((own) => own?.release())));
  const meanShift = async (variant: ImageModel) => {
    const shift = new Float64Array(16);
    for (const { image } of fresh) {
      const [own, other] = [await model!.run(image), await variant.run(image)];
      for (const [at, value] of own.embedding.entries()) shift[at]! += other.embedding[at]! - value;
    }
    return Math.hypot(...shift) / fresh.length;
  };
  const [left, before] = [await meanShift(corrected!), await meanShift(shifted!)];
  t.ok(left < 0.5 * before, `${left} instead of ${before}`);
});

t.test('BatchNormalization is folded into the convolution before it, and only there', async (t) => {
  const net = new Builder();
  const normalize = (input: string, output: string, channels: number) => {
    const statistics = ['gamma', 'beta', 'mean'].map((name) =>
      net.random(`${output}_${name}`, [channels], 0.5),
    );
    const variance = net.constant(
      `${output}_var`,
      Array.from({ length: channels }, (_, at) => 0.2 + at),
      [channels],
    );
    return net.op('BatchNormalization', [input, ...statistics, variance], output, {
      epsilon: { float: 1e-3 },
    });
  };
  net.op('Relu', [normalize(net.conv('pixels', 'first', [3, 8]), 'first_norm', 8)], 'first_relu');
  // Read twice: folding would change what the Add sees.
  const shared = net.conv('first_relu', 'shared', [8, 8]);
  net.op('Add', [normalize(shared, 'shared_norm', 8), shared], 'sum');
  const biasless = net.op('Conv', ['sum', net.random('w', [8, 8, 1, 1], 0.4)], 'biasless');
  const bytes = net.classifier(normalize(biasless, 'last', 8), 8);

  const folded = writeNetwork(foldBatchNormalization(readNetwork(bytes)));
  t.equal(operators(folded).filter((op) => op === 'BatchNormalization').length, 1);
  const exact = await agreementOf(t, bytes, folded);
  t.ok(exact.largestDifference < 1e-5 && exact.embeddingDistance < 1e-5, `${exact.embeddingDistance}`);

  const variant = quantiseNetwork(await calibrateNetwork(bytes, calibration, 1), 'x86-vnni');
  const agreement = await agreementOf(t, bytes, variant);
  t.ok(agreement.embeddingDistance < 0.06, `${agreement.embeddingDistance}`);
});

for (const stem of [
  { kernel: [3, 3], pads: [1, 1, 1, 1] },
  { kernel: [3, 3], pads: [0, 0, 1, 1] },
  { kernel: [7, 7], pads: [3, 3, 3, 3] },
  { kernel: [4, 2], pads: [0, 1, 2, 3] },
]) {
  t.test(`a stem of ${stem.kernel} with padding ${stem.pads} is the same in blocks of pixels`, async (t) => {
    const net = new Builder();
    const weight = net.random('stem_w', [8, 3, ...stem.kernel], 0.3);
    const bias = net.random('stem_b', [8], 0.2);
    net.op('Conv', ['pixels', weight, bias], 'stem', { strides: [2, 2], pads: stem.pads });
    // Flattened, so that every place of the picture counts.
    net.op('Flatten', ['stem'], 'features', { axis: 1 });
    const outputs = (axis: 0 | 1) =>
      Math.floor((side + stem.pads[axis]! + stem.pads[axis + 2]! - stem.kernel[axis]!) / 2) + 1;
    const dimensions = 8 * outputs(0) * outputs(1);
    const bytes = classifier(net.backbone(dimensions), dimensions);

    const split = writeNetwork(splitStem(readNetwork(bytes)));
    t.equal(operators(split).filter((op) => op === 'SpaceToDepth').length, 1);
    const exact = await agreementOf(t, bytes, split);
    t.ok(exact.embeddingDistance < 1e-5, `${exact.embeddingDistance}`);

    const variant = quantiseNetwork(await calibrateNetwork(bytes, calibration, 1), 'x86-vnni');
    const fused = await fusedOperators(variant, join(t.testdir(), 'fused.onnx'));
    t.ok(fused.includes('QLinearConv') && !fused.includes('Conv'), 'and runs on integers');
    t.notOk(fused.includes('Mul') || fused.includes('Add'), 'which the pixels become without being scaled');
    const agreement = await agreementOf(t, bytes, variant);
    t.ok(agreement.embeddingDistance < 0.02, `${agreement.embeddingDistance}`);
  });
}

t.test('a scaling before QuantizeLinear is left out where the same bytes come out, and only there', (t) => {
  const scaled = (zero: number, scale: number, by: readonly number[] = [1 / 127.5]) => {
    const nodes = [
      node('Mul', ['pixels', 'by'], 'product'),
      node('Sub', ['product', 'one'], 'scaled'),
      node('QuantizeLinear', ['scaled', 'scale', 'zero'], 'bytes'),
    ];
    const initializers = [
      floats('by', by, by.length === 1 ? [] : [by.length, 1, 1]),
      floats('one', [1], []),
      floats('scale', [scale], []),
      tensor('zero', Uint8Array.of(zero), []),
    ];
    const inputs = [valueInfo('pixels', DataType.FLOAT, [3, 4, 4])];
    const outputs = [valueInfo('bytes', DataType.UINT8, [3, 4, 4])];
    const bytes = serializeModel(model({ name: 'scaled', nodes, initializers, inputs, outputs }));
    return writeNetwork(foldScaling(readNetwork(bytes)));
  };
  const folded = graphOf(scaled(127, 1 / 127));
  t.strictSame(
    folded.node.map(({ opType, input }) => [opType, input[0]]),
    [['QuantizeLinear', 'pixels']],
  );
  const value = (name: string) => folded.initializer.find((each) => each.name === `${name}_of_source`)!;
  t.strictSame([...value('zero').rawData], [0]);
  t.ok(Math.abs(floatData(value('scale'))[0]! - 127.5 / 127) < 1e-6);
  const whole = ['Mul', 'Sub', 'QuantizeLinear'];
  t.strictSame(operators(scaled(127, 2 / 255)), whole, 'zero of the pixels lies between two steps');
  t.strictSame(operators(scaled(100, 1 / 127)), whole, 'no byte stands for it');
  const left = operators(scaled(127, 1 / 127, [0.1, 0.2, 0.3]));
  t.strictSame(left, ['Mul', 'QuantizeLinear'], 'what differs by channel stays');
  t.end();
});

t.test('the range of pixels is that of their bytes, whatever the calibration pictures show', (t) => {
  const network = readNetwork(residualNetwork());
  const scaling = (slope: number, shift: number, source = 'pre_resized') =>
    rangeOfPixels({ source, slope, shift, steps: [] }, network, producersOf(network.nodes));
  const symmetric = scaling(1 / 127.5, -1)!;
  t.equal(symmetric.low, -1);
  t.ok(symmetric.high >= 1 && symmetric.high < 1.01, `${symmetric.high}`);
  t.same(scaling(1 / 255, 0), { low: 0, high: 1 });
  t.equal(scaling(1 / 127.5, -0.015), undefined, 'zero lies between two bytes');
  t.equal(scaling(1 / 127.5, 1), undefined, 'zero is no byte');
  t.equal(scaling(1 / 127.5, -1, 'backbone_stem'), undefined, 'no pixels');
  t.end();
});

t.test('two stems of the same pixels have blocks of their own', async (t) => {
  const net = new Builder();
  for (const name of ['left', 'right'])
    net.op('Conv', ['pixels', net.random(`${name}_w`, [8, 3, 3, 3], 0.3)], name, { strides: [2, 2] });
  net.op('Concat', ['left', 'right'], 'joined', { axis: 1 });
  const bytes = net.classifier('joined', 16);
  const split = writeNetwork(splitStem(readNetwork(bytes)));
  t.equal(operators(split).filter((op) => op === 'SpaceToDepth').length, 2);
  const exact = await agreementOf(t, bytes, split);
  t.ok(exact.embeddingDistance < 1e-5, `${exact.embeddingDistance}`);
});

t.test('a stem of stride 1 stays as it is', (t) => {
  const bytes = residualNetwork();
  t.strictSame(operators(writeNetwork(splitStem(readNetwork(bytes)))), operators(bytes));
  t.end();
});

t.test('channels of very different weight keep their precision, dead ones their bias', async (t) => {
  const net = new Builder();
  const spreads = [1e-12, 1e-3, 0.1, 10];
  const { initializers } = net;
  net.conv('pixels', 'first', [3, 8]);
  net.random('w', [4, 8, 1, 1], 1);
  const drawn = floatData(initializers.at(-1)!).map((value, at) => value * spreads[Math.floor(at / 8)]!);
  initializers[initializers.length - 1] = floats('w', drawn, [4, 8, 1, 1]);
  net.constant('b', [3, 0.01, -0.2, 5], [4]);
  net.op('Conv', ['first', 'w', 'b'], 'wide');
  // Brings the channels to one spread, so that the activations do not blur what the weights kept.
  net.constant(
    'w2',
    spreads.flatMap((spread, row) => spreads.map((_, at) => (row === at ? 1 / Math.max(spread, 0.01) : 0))),
    [4, 4, 1, 1],
  );
  net.op('Conv', ['wide', 'w2'], 'even');
  const bytes = net.classifier('even', 4);
  const variant = quantiseNetwork(await calibrateNetwork(bytes, calibration, 1), 'x86-vnni');
  const [model, other] = await Promise.all([openImageModel(bytes, 1), openImageModel(variant, 1)]);
  t.teardown(() => Promise.all([model.release(), other.release()]));
  const image = calibration[0]!;
  const [a, b] = [(await model.run(image)).embedding, (await other.run(image)).embedding];
  t.ok(Math.abs(b[0]! / a[0]! - 1) < 0.02, `dead channel: ${b[0]} for ${a[0]}`);
  t.ok(Math.abs(b[3]! - a[3]!) < 0.05, `strong channel: ${b[3]} for ${a[3]}`);
});

t.test(
  'a clamp that eight bits cannot stand for stays, and inner dense layers are integers too',
  async (t) => {
    const net = new Builder();
    net.constant('low', [-0.5], []);
    net.constant('high', [0.5], []);
    net.constant('floor', [0.2], []);
    net.op(
      'Clip',
      [net.conv(net.conv('pixels', 'stem', [3, 8]), 'first', [8, 8]), 'low', 'high'],
      'first_clip',
    );
    net.op('Clip', [net.conv('first_clip', 'second', [8, 8]), 'floor'], 'second_clip');
    net.op('AveragePool', ['second_clip'], 'halved', { kernel_shape: [8, 8], strides: [8, 8] });
    net.op('Flatten', ['halved'], 'flat', { axis: 1 });
    const inputs = 8 * (side / 8) ** 2;
    net.op(
      'Gemm',
      ['flat', net.random('dense', [inputs, 16], 0.3), net.random('dense_b', [16], 0.1)],
      'hidden',
    );
    net.op('Relu', ['hidden'], 'features');
    const bytes = classifier(net.backbone(16), 16);
    const calibrated = await calibrateNetwork(bytes, calibration, 1);
    const variant = quantiseNetwork(calibrated, 'x86-vnni', 'minmax');
    const clips = graphOf(variant).node.filter(({ opType }) => opType === 'Clip');
    t.strictSame(
      clips.map(({ input }) => input[1]),
      ['backbone_floor'],
      'values under 0.2 are not zero',
    );
    t.notOk(operators(variant).includes('Relu'));
    const agreement = await agreementOf(t, bytes, variant);
    t.ok(agreement.embeddingDistance < 0.05, `${agreement.embeddingDistance}`);
    const fused = await fusedOperators(variant, join(t.testdir(), 'fused.onnx'));
    for (const op of ['QLinearConv', 'QLinearAveragePool', 'QGemm', 'Gemm', 'Conv', 'FusedConv']) {
      t.equal(fused.filter((other) => other === op).length, 1, op);
    }
  },
);

t.test('what cannot be quantised is an error with a code', async (t) => {
  const bytes = residualNetwork();
  await t.rejects(calibrateNetwork(bytes, [], 1), { code: 'training_too_few' });
  await t.rejects(calibrateNetwork(Uint8Array.of(1, 2, 3), calibration, 1), { code: 'model_invalid' });
  const network = readNetwork(bytes);
  const [own] = network.proto.opsetImport;
  const old = writeNetwork({
    ...network,
    proto: { ...network.proto, opsetImport: [{ ...own!, version: 11n }] },
  });
  await t.rejects(calibrateNetwork(old, calibration, 1), { code: 'model_invalid', message: /opset 11/ });
  const broken = new Map(network.constants);
  broken.set('backbone_stem_b', tensor('backbone_stem_b', new Float32Array(16).fill(Number.NaN), [16]));
  const notFinite = writeNetwork({ ...network, constants: broken });
  await t.rejects(calibrateNetwork(notFinite, calibration, 1), { code: 'model_invalid' });
});
