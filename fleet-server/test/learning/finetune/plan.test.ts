import * as ort from 'onnxruntime-node';
import t from 'tap';
import { estimateMemory, fineTuneSize, requireMemory } from '../../../src/learning/finetune/memory.js';
import { cutForMode, fineTuneModes } from '../../../src/learning/finetune/modes.js';
import { planTail, shapedGraph } from '../../../src/learning/finetune/plan.js';
import {
  DataType,
  floatData,
  floats,
  integers,
  model,
  node,
  parseModel,
  serializeModel,
  valueInfo,
} from '../../../src/learning/onnx/proto.js';
import { openSession } from '../../../src/learning/onnx/session.js';
import { smallNets } from './small-nets.js';

const resNet = smallNets.ResNet!(1);

t.test('the modes train nothing, the last part and all of the backbone', async (t) => {
  const batch = 4;
  const trained: number[] = [];
  for (const mode of fineTuneModes) {
    const plan = await planTail(resNet, await cutForMode(resNet, mode, { batch }), { batch });
    trained.push(plan.trainable.length);
    t.equal(plan.crossing.length, 1, `${mode}: one tensor crosses, so no branch is left untrained`);
  }
  const all = parseModel(resNet).graph.initializer.filter(({ name }) => /weight|bias|scale|shift/.test(name));
  t.equal(trained[0], 0);
  t.ok(trained[1]! > 0 && trained[1]! < all.length);
  t.equal(trained[2], all.length);
});

t.test('weights of a file read into a Buffer, where they lie unaligned, are those of the file', async (t) => {
  const read = Buffer.concat([Buffer.from([0]), resNet]).subarray(1);
  const weights = parseModel(resNet).graph.initializer.filter(({ dataType }) => dataType === DataType.FLOAT);
  const again = new Map(parseModel(read).graph.initializer.map((proto) => [proto.name, proto]));
  for (const proto of weights) {
    const [expected, got] = [floatData(proto), floatData(again.get(proto.name)!)];
    t.ok(got.length === expected.length && got.every((value, i) => value === expected[i]), proto.name);
  }
});

t.test('what lies before the cut and is read behind it crosses too', async (t) => {
  const graph = parseModel(resNet).graph;
  const add = graph.node.find(({ opType }) => opType === 'Add')!;
  const inner = graph.node.find(({ output }) => output[0] === add.input[0])!;
  const { crossing } = await planTail(resNet, inner.input[0]!, { batch: 2 });
  t.strictSame(crossing, [inner.input[0], add.input[1]]);
});

t.test('memory grows with pictures, batch and weights, and a run over the budget is refused', async (t) => {
  const sizes: ReturnType<typeof fineTuneSize>[] = [];
  for (const batch of [4, 8]) {
    for (const mode of fineTuneModes) {
      const plan = await planTail(resNet, await cutForMode(resNet, mode, { batch }), { batch });
      sizes.push(fineTuneSize(plan, 3));
    }
  }
  const [head, tail, whole, , , wholeOfEight] = sizes;
  t.strictSame(head, { pictureBytes: 64, parameters: 51, activations: 0 });
  t.equal(whole!.pictureBytes, 3 * 24 * 24, 'pixels are kept as bytes');
  t.ok(tail!.activations < whole!.activations && tail!.parameters < whole!.parameters);
  t.equal(wholeOfEight!.activations, 2 * whole!.activations);
  const estimate = estimateMemory(tail!, 1000, 4);
  t.equal(estimate.cache, 4000 * tail!.pictureBytes);
  t.equal(estimate.total, estimate.cache + estimate.parameters + estimate.step);
  requireMemory(estimate, estimate.total);
  t.throws(() => requireMemory(estimate, estimate.total - 1), {
    code: 'training_failed',
    message: /need \d+ MiB of memory and \d+ MiB are allowed.*cached pictures/,
  });
});

/** As an exporter of opset 9 wrote it. */
function oldGraph(): Uint8Array {
  const old = model({
    name: 'old',
    nodes: [
      node('Conv', ['pixels', 'w'], 'c', { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' }),
      { ...node('Clip', ['c'], 'k', { min: { float: 0 }, max: { float: 6 } }) },
      node('Dropout', ['k'], 'd', { ratio: { float: 0.5 } }),
      node('ReduceMean', ['d'], 'm', { axes: [2, 3], keepdims: 1 }),
      node('Squeeze', ['m'], 's', { axes: [2, 3] }),
      node('Unsqueeze', ['s'], 'u', { axes: [2] }),
      node('Reshape', ['u', 'flat'], 'embedding'),
    ],
    initializers: [
      floats(
        'w',
        Array.from({ length: 108 }, (_, i) => Math.sin(i)),
        [4, 3, 3, 3],
      ),
      integers('flat', [1, 4]),
    ],
    inputs: [valueInfo('pixels', DataType.FLOAT, [1, 3, 8, 8])],
    outputs: [valueInfo('embedding', DataType.FLOAT, [1, 4])],
  });
  old.opsetImport[0]!.version = 9n;
  return serializeModel(old);
}

t.test(
  'a graph of an old opset is brought to the present one, means the same, and takes a batch',
  async (t) => {
    const bytes = oldGraph();
    const { graph, shapes } = await shapedGraph(bytes, { batch: 2 });
    t.strictSame(shapes.get('embedding'), [2, 4]);
    t.strictSame(shapes.get('c'), [2, 4, 4, 4]);
    const pixels = Float32Array.from({ length: 2 * 192 }, (_, i) => Math.cos(i * i));
    const present = await openSession(
      serializeModel(
        model({
          ...graph,
          inputs: [valueInfo('pixels', DataType.FLOAT, [2, 3, 8, 8])],
          outputs: [valueInfo('embedding', DataType.FLOAT, [2, 4])],
        }),
      ),
      {},
    );
    const old = await openSession(bytes, {});
    t.teardown(() => Promise.all([present.release(), old.release()]));
    const both = (await present.run({ pixels: new ort.Tensor('float32', pixels, [2, 3, 8, 8]) })).embedding!;
    for (const row of [0, 1]) {
      const one = pixels.slice(row * 192, (row + 1) * 192);
      const expected = (await old.run({ pixels: new ort.Tensor('float32', one, [1, 3, 8, 8]) })).embedding!;
      const got = (both.data as Float32Array).subarray(row * 4, (row + 1) * 4);
      t.ok((expected.data as Float32Array).every((value, i) => Math.abs(value - got[i]!) < 1e-6));
    }
  },
);

t.test('another opset, input or output is refused', async (t) => {
  const changed = (change: (proto: ReturnType<typeof parseModel>) => void) => {
    const proto = parseModel(resNet);
    change(proto);
    return planTail(serializeModel(proto), 'pixels', { batch: 2 });
  };
  await t.rejects(
    changed((proto) => (proto.opsetImport[0]!.version = 8n)),
    { code: 'model_invalid', message: /opset 8/ },
  );
  await t.rejects(
    changed(({ graph }) => graph.input.push(valueInfo('second', DataType.FLOAT, [1]))),
    { code: 'model_contract', message: /one input/ },
  );
  await t.rejects(
    changed(
      ({ graph }) => (graph.output = [valueInfo(graph.node[0]!.output[0]!, DataType.FLOAT, [1, 8, 12, 12])]),
    ),
    { code: 'model_contract', message: /not \[batch, d\]/ },
  );
  await t.rejects(
    changed(({ graph }) => (graph.input = [valueInfo('pixels', DataType.FLOAT, [1, 3, 'H', 'W'])])),
    { code: 'model_contract', message: /left open/ },
  );
});
