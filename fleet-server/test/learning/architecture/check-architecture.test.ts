import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorCode } from '@lineside/shared';
import { TensorProto_DataLocation as DataLocation } from 'onnx-buf';
import t from 'tap';
import { checkArchitecture } from '../../../src/learning/architecture/check-architecture.js';
import type { Normalisation } from '../../../src/learning/architecture/preparations.js';
import { DataType, node, parseModel, serializeModel, valueInfo } from '../../../src/learning/onnx/proto.js';
import { seededRandom } from '../../../src/learning/random.js';
import { runLearningJob } from '../../../src/learning/worker-client.js';
import { finished, netWith, resNet18, size, squeezeNet, vgg } from './classifiers.js';

let count = 0;
async function check(bytes: Uint8Array, options: { inputSize?: number; normalisation?: Normalisation } = {}) {
  const folder = join(t.testdirName, String(++count));
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'uploaded.onnx');
  await writeFile(path, bytes);
  return checkArchitecture({
    ...{ path, name: 'net', normalisation: 'imagenet', outputDir: folder },
    ...options,
  });
}
t.before(() => t.testdir());

t.test('well-known structures become backbones that can be tuned', async (t) => {
  const resNet = await check(resNet18());
  t.match(resNet, {
    ...{ inputSize: size, dimensions: 64, opset: 13, resizable: true, tunable: { tail: null, whole: null } },
    head: /^Gemm /,
  });
  t.ok(resNet.parameters > 0);
  const { graph } = parseModel(await readFile(resNet.file.path));
  t.notOk(
    graph.node.some(({ opType }) => opType === 'Gemm'),
    'its head is cut away',
  );
  t.strictSame(
    [graph.input[0]!.name, graph.output[0]!.name, graph.node[0]!.opType],
    ['pixels', 'embedding', 'Mul'],
    'the normalisation is part of it',
  );
  t.match(await check(squeezeNet()), {
    ...{ dimensions: 64, resizable: true, tunable: { tail: null, whole: null }, head: /^Conv / },
  });
  t.match(await check(vgg()), {
    ...{ dimensions: 32, resizable: false, tunable: { tail: null, whole: null }, head: /^MatMul / },
  });
});

t.test('every normalisation is proven against the file as it came', async (t) => {
  for (const normalisation of ['imagenet', 'symmetric', 'unit'] as const) {
    t.equal((await check(squeezeNet(), { normalisation })).dimensions, 64, normalisation);
  }
});

t.test('sizes: what the file states, else what is asked for', async (t) => {
  const open = resNet18({ input: ['N', 3, 'H', 'W'] });
  t.equal((await check(open)).inputSize, 224);
  t.equal((await check(open, { inputSize: 96 })).inputSize, 96);
  await t.rejects(check(resNet18(), { inputSize: 96 }), { code: 'model_contract', message: /64 × 64/ });
});

t.test('a constant that is written as a copy of another is trained for itself', async (t) => {
  const proto = parseModel(resNet18());
  const { graph } = proto;
  const copies = graph.initializer.filter(({ name, dims }) => name.startsWith('bias_') && dims[0] === 64n);
  const [first, ...others] = copies.map(({ name }) => name);
  t.ok(first && others.length > 1);
  graph.initializer = graph.initializer.filter(({ name }) => !others.includes(name));
  graph.node.unshift(...others.map((name) => node('Identity', [first!], name)));
  const { tunable, file } = await check(serializeModel(proto));
  t.strictSame(tunable, { tail: null, whole: null });
  const names = parseModel(await readFile(file.path)).graph.initializer.map(({ name }) => name);
  t.ok([first!, ...others].every((name) => names.includes(name)));
});

t.test('an operator without a gradient leaves the head', async (t) => {
  const { tunable } = await check(serializeModel(finished(netWith('Softplus'))));
  t.match(tunable.whole, /^Softplus softplus_2.*no gradient/);
  t.equal(tunable.tail, null, 'it lies before the tail');
});

t.test('what cannot be used is refused by name', async (t) => {
  const refused = async (bytes: Uint8Array, code: ErrorCode, message: RegExp) =>
    t.rejects(check(bytes), { code, message }, `${code} ${message}`);
  const good = () => finished(netWith('Relu'));
  await refused(serializeModel(finished(netWith('Relu'), { opset: 8 })), 'model_opset', /opset 8: 9 to 22/);
  await refused(serializeModel(finished(netWith('Relu'), { opset: 23 })), 'model_opset', /opset 23/);
  await refused(
    serializeModel(finished(netWith('Relu'), { input: [1, 4, size, size] })),
    'model_contract',
    /input is float32 \[1, 4, 64, 64\]/,
  );
  await refused(
    serializeModel(finished(netWith('Relu'), { input: [1, 3, 64, 32] })),
    'model_contract',
    /height and width/,
  );
  await refused(
    serializeModel(finished(netWith('Relu'), { inputType: DataType.UINT8 })),
    'model_contract',
    /uint8/,
  );
  await refused(
    serializeModel(finished(netWith('RandomNormalLike'))),
    'model_operator',
    /RandomNormalLike randomnormallike_2/,
  );
  await refused(serializeModel(finished(netWith('Nonsense'))), 'model_invalid', /Nonsense/);

  const custom = good();
  custom.graph!.node[2]!.domain = 'com.example';
  await refused(serializeModel(custom), 'model_operator', /Relu relu_2.*com\.example/);

  const external = good();
  external.graph!.initializer[0]!.dataLocation = DataLocation.EXTERNAL;
  await refused(serializeModel(external), 'model_external_data', /weight_0/);

  const headless = good();
  headless.graph!.node.push(node('Exp', [headless.graph!.node.at(-1)!.output[0]!], 'odd'));
  headless.graph!.output = [valueInfo('odd', DataType.FLOAT)];
  await refused(serializeModel(headless), 'model_head_missing', /Exp odd/);

  const blind = good();
  for (const constant of blind.graph!.initializer) {
    if (constant.name === 'weight_0') constant.rawData = new Uint8Array(constant.rawData.length);
  }
  await refused(serializeModel(blind), 'model_contract', /does not depend on the picture/);
});

t.test('garbage ends in a code, in the learning process too', async (t) => {
  const random = seededRandom(7);
  for (let length = 0; length < 3000; length += 97) {
    await t.rejects(check(Uint8Array.from({ length }, () => Math.floor(256 * random()))), {
      code: /^model_/,
    });
  }
  const whole = squeezeNet();
  for (let from = 1; from <= 6; from++) {
    const cut = whole.slice(0, Math.floor((whole.length * from) / 7));
    await t.rejects(check(cut), { code: /^model_/ }, `cut at ${from}/7`);
  }
  const folder = t.testdir({ 'uploaded.onnx': 'not a model' });
  const input = { name: 'net', normalisation: 'imagenet' as const, outputDir: folder };
  await t.rejects(
    runLearningJob<'architecture'>({
      type: 'architecture',
      input: { ...input, path: join(folder, 'uploaded.onnx') },
    }),
    { code: 'model_invalid' },
  );
});
