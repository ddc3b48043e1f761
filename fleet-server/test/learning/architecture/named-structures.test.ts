import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { checkArchitecture } from '../../../src/learning/architecture/check-architecture.js';
import { fineTune } from '../../../src/learning/finetune/fine-tune.js';
import { parseModel } from '../../../src/learning/onnx/proto.js';
import { labels, options, smallProblem } from '../finetune/small-problem.js';
import { namedStructures } from './named-structures.js';

const pictures = 9;
const [train, validation] = [Int32Array.of(0, 1, 2, 3, 4, 5), Int32Array.of(6, 7, 8)];

for (const [name, { file, layers, dimensions }] of Object.entries(namedStructures)) {
  t.test(`${name}: an upload of it is accepted, and tail and whole net learn`, async (t) => {
    const folder = join(t.testdir({ [name]: {} }), name);
    const path = join(folder, 'uploaded.onnx');
    await mkdir(folder, { recursive: true });
    await writeFile(path, file());
    const checked = await checkArchitecture({ path, name, normalisation: 'imagenet', outputDir: folder });
    t.match(checked, { dimensions, inputSize: 64, tunable: { tail: null, whole: null } });
    const backbone = await readFile(checked.file.path);
    const weighted = parseModel(backbone).graph.node.filter(({ opType }) => /^(Conv|Gemm)$/.test(opType));
    t.equal(weighted.length, layers, 'every layer but the head');
    for (const mode of ['tail', 'whole'] as const) {
      const problem = await smallProblem(backbone, mode, pictures);
      const { history } = await fineTune(
        { ...problem, labels: labels.subarray(0, pictures), train, validation },
        { ...options, epochs: 3, learningRate: 1e-3 },
      );
      const losses = history.slice(1).map(({ loss }) => loss ?? Number.NaN);
      t.ok(losses.at(-1)! < losses[0]!, `${mode}: loss ${losses.map((loss) => loss.toFixed(3)).join(' → ')}`);
    }
  });
}
