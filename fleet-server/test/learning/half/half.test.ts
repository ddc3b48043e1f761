import t, { type Test } from 'tap';
import { halveNetwork, worthHalving } from '../../../src/learning/half/half.js';
import { DataType } from '../../../src/learning/onnx/proto.js';
import { openImageModel } from '../../../src/learning/onnx/session.js';
import { measureAgreement } from '../../../src/learning/quantise/agreement.js';
import { Builder, classifier, graphOf, operators, surfaces } from '../quantise/networks.js';

/** Two branches, a gate of pooled channels, every kind of input that has no type of its own. */
function wovenNetwork(scale = 1): Uint8Array {
  const b = new Builder();
  const stem = b.op('Relu', [b.conv('pixels', 'stem', [3, 8])], 'stem_relu');
  const large = b.op('Mul', [stem, b.constant('scale', [scale], [])], 'scaled');
  const small = b.op('Mul', [large, b.constant('back', [1 / scale], [])], 'unscaled');
  const left = b.conv(small, 'left', [8, 8], 8);
  const clipped = b.op('Clip', [left, b.constant('low', [0], []), b.constant('high', [6], [])], 'clipped');
  const pooled = b.op('GlobalAveragePool', [clipped], 'squeezed');
  const gateWeight = b.random('gate_w', [8, 8, 1, 1], 0.5);
  const gate = b.op('Sigmoid', [b.op('Conv', [pooled, gateWeight], 'gate')], 'gate_open');
  const gated = b.op('Mul', [clipped, gate], 'gated');
  const right = b.op('MaxPool', [small], 'right', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
  const joined = b.op('Concat', [gated, right], 'joined', { axis: 1 });
  const last = b.op('Relu', [b.conv(joined, 'last', [16, 8])], 'last_relu');
  b.op('GlobalAveragePool', [last], 'pooled');
  b.op('Flatten', ['pooled'], 'features', { axis: 1 });
  return classifier(b.backbone(8), 8);
}

async function opened(t: Test, bytes: Uint8Array) {
  const session = await openImageModel(bytes, 1);
  t.teardown(() => session.release());
  return session;
}

const compared = () => surfaces(20, 30).map((image) => ({ image }));

t.test('a network in fp16 answers as the one in float, and keeps its inputs and outputs', async (t) => {
  const bytes = wovenNetwork();
  const half = await halveNetwork(bytes, surfaces(1, 4), 1);
  t.match(half, { keptInFloat: 0, weights: { clamped: 0 } });
  t.ok(half.weights.values > 1000);
  t.ok(half.bytes.length < 0.75 * bytes.length, 'half the weights, and the graph around them');
  const model = await opened(t, bytes);
  for (const form of [half.bytes, half.emulation]) {
    const agreement = await measureAgreement(model, await opened(t, form), compared());
    t.match(agreement, { sameAnswer: { value: 1, n: 30 } });
    t.ok(agreement.largestDifference > 0 && agreement.largestDifference < 0.01);
    t.ok(agreement.embeddingDistance < 0.005);
  }
  const before = graphOf(bytes);
  const graph = graphOf(half.bytes);
  t.strictSame(graph.input, before.input);
  t.strictSame(graph.output, before.output);
  t.strictSame(
    operators(half.bytes).slice(0, 6),
    operators(bytes).slice(0, 6),
    'the picture is read as before',
  );
  const floats = graph.initializer
    .filter(({ dataType }) => dataType === DataType.FLOAT)
    .map(({ name }) => name);
  t.strictSame(
    floats,
    ['pre_scale', 'pre_shift', 'head_weight', 'head_bias'],
    'scaling and head stay in float32',
  );
});

t.test('what the emulation rounds is what a GPU would: activations, not the weights alone', async (t) => {
  const bytes = wovenNetwork();
  const { bytes: shipped, emulation } = await halveNetwork(bytes, surfaces(1, 4), 1);
  const [onCpu, emulated] = [await opened(t, shipped), await opened(t, emulation)];
  const { largestDifference } = await measureAgreement(onCpu, emulated, compared());
  t.ok(largestDifference > 0 && largestDifference < 0.01);
});

t.test('values that fp16 would not hold stay in float32', async (t) => {
  const bytes = wovenNetwork(1e6);
  const half = await halveNetwork(bytes, surfaces(1, 4), 1);
  t.equal(half.keptInFloat, 3, 'the step up, the one down, and what fp16 then does not reach');
  const agreement = await measureAgreement(
    await opened(t, bytes),
    await opened(t, half.emulation),
    compared(),
  );
  t.match(agreement, { sameAnswer: { value: 1 } });
});

t.test('a head alone is not worth it', async (t) => {
  const b = new Builder();
  b.op('GlobalAveragePool', ['pixels'], 'pooled');
  b.op('Flatten', ['pooled'], 'features', { axis: 1 });
  t.equal(worthHalving(classifier(b.backbone(3), 3)), false);
  t.equal(worthHalving(wovenNetwork()), true);
});
