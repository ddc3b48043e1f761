import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkAgentConfig } from '@lineside/shared';
import t from 'tap';
import { Statistics } from '../../src/health/statistics.js';
import { createOutputs, outputNames } from '../../src/outputs/create-outputs.js';
import { expectedIntervalMs } from '../../src/outputs/silence-watch.js';
import { folderOf } from '../helpers/folder.js';
import { until } from '../helpers/until.js';
import { startOutput } from './output-harness.js';

const parse = (cameras: object[], outputs: object[] = []) => checkAgentConfig({ cameras, outputs });
const synthetic = { kind: 'synthetic' };

t.test('outputs have names of their own', async (t) => {
  const jsonl = (name?: string) => ({ kind: 'jsonl', path: 'x', ...(name === undefined ? {} : { name }) });
  const hook = { kind: 'webhook', url: 'http://x' };
  const { outputs } = parse([{ id: 'cam', source: synthetic }], [jsonl(), jsonl('jsonl-2'), jsonl(), hook]);
  t.same(outputNames(outputs), ['jsonl', 'jsonl-2', 'jsonl-3', 'webhook']);
});

t.test('a camera without an output of its own has delivered what the stream of decisions got', async (t) => {
  const { cameras, outputs } = parse(
    [
      { id: 'a', source: synthetic },
      { id: 'b', source: synthetic },
    ],
    [{ kind: 'webhook', url: 'http://127.0.0.1:9', cameras: ['a'] }],
  );
  const statistics = new Statistics();
  const context = { cameras, statistics, onError() {}, monotonicMs: () => performance.now() };
  const made = createOutputs(outputs, context);
  t.equal(made.length, 2);
  for (const cameraId of ['a', 'b']) {
    made.at(-1)?.emit({
      cameraId,
      sequence: 0,
      capturedAt: 0,
      capturedAtMonotonicMs: 0,
      decision: null,
      reasons: [],
    });
  }
  t.equal(statistics.stages('a').delivered.at, null);
  t.type(statistics.stages('b').delivered.at, 'number');
  t.equal(createOutputs([], context).length, 1);
  t.equal(
    createOutputs(parse([{ id: 'a', source: synthetic }], [{ kind: 'jsonl', path: 'x' }]).outputs, context)
      .length,
    1,
  );
});

t.test('a camera may be silent when it waits for something outside', async (t) => {
  const interval = (camera: object) => {
    const [first] = parse([{ id: 'cam', source: synthetic, ...camera }]).cameras;
    return first ? expectedIntervalMs(first) : undefined;
  };
  t.equal(interval({ source: { kind: 'synthetic', framesPerSecond: 4 } }), 250);
  t.equal(interval({ source: { kind: 'v4l2', framesPerSecond: 10 } }), 100);
  t.equal(interval({ trigger: { kind: 'interval', everyMs: 5000 } }), 5000);
  t.equal(interval({ trigger: { kind: 'motion' } }), null);
  t.equal(interval({ trigger: { kind: 'external' } }), null);
  t.equal(interval({ source: { kind: 'folder', path: 'x' } }), null);
  t.equal(interval({ source: { kind: 'folder', path: 'x', mode: 'loop', intervalMs: 40 } }), 40);
});

t.test('a file of decisions: one line each, and it is opened again after a failure', async (t) => {
  const dir = folderOf(t);
  const path = join(dir, 'log', 'decisions.jsonl');
  const { emit, counts, errors, output } = startOutput(t, { kind: 'jsonl', path });
  await until('the folder is missing', () => errors.length > 0);
  emit();
  t.match([counts.failed, errors[0]], [1, { code: 'output_failed', message: /^jsonl: ENOENT/ }]);
  await mkdir(join(dir, 'log'));
  await until('a line is written', () => {
    if (counts.delivered === 0) emit({ classId: 'scratch' });
    return counts.delivered > 0;
  });
  await output.close();
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  t.equal(lines.length, counts.delivered);
  t.match(JSON.parse(lines[0] ?? ''), { cameraId: 'cam', decision: { classId: 'scratch' } });
  t.notMatch(lines[0], /Monotonic/);
  await rm(dir, { recursive: true });
});
