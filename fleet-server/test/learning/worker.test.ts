import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Backbone } from '../../src/learning/backbone/default-backbone.js';
import { serializeHead, zeroHead } from '../../src/learning/head/head.js';
import type { TrainInput, TrainingFrame } from '../../src/learning/jobs/training.js';
import { runLearningJob } from '../../src/learning/worker-client.js';
import { backboneIn, textureClasses, textures, writeFrame } from './fixtures.js';

let input: TrainInput;
t.before(async () => {
  const folder = t.testdir();
  const backbone: Backbone = await backboneIn(folder);
  const frames: TrainingFrame[] = [];
  for (const kind of textures)
    for (let seed = 1; seed <= 8; seed++) frames.push(await writeFrame(folder, kind, seed));
  const options = { alpha: 0.05, mode: 'head' as const, memoryBytes: 2 ** 30, threads: 1, seed: 1 };
  input = { frames, classes: textureClasses, backbone, outputDir: join(folder, 'out'), options };
});

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

t.test('a training run in a process of its own', async (t) => {
  const messages: string[] = [];
  const { report, files } = await runLearningJob(
    { type: 'train', input },
    { onProgress: ({ message }) => messages.push(message) },
  );
  t.equal(report.frames.train, 24);
  t.equal(files.head?.classIds.length, 3);
  t.ok(messages.includes('24 of 24 pictures read'));
});

t.test('cancelling in the middle ends the process there', async (t) => {
  const abort = new AbortController();
  let pid = 0;
  const outputDir = join(t.testdir(), 'out');
  const running = runLearningJob(
    { type: 'train', input: { ...input, outputDir } },
    {
      signal: abort.signal,
      onStart: (started) => {
        pid = started;
      },
      onProgress: ({ phase }) => {
        if (phase === 'validate') abort.abort();
      },
    },
  );
  await t.rejects(running, { code: 'training_cancelled' });
  t.notOk(isRunning(pid), 'nothing is left running');
  t.notOk(existsSync(outputDir), 'it did not go on to the model');
});

t.test('an error keeps its code', async (t) => {
  await t.rejects(runLearningJob({ type: 'train', input: { ...input, frames: input.frames.slice(0, 3) } }), {
    code: 'training_too_few',
  });
});

t.test('the queue order', async (t) => {
  const dimensions = 8;
  const candidates = Float32Array.from({ length: 50 * dimensions }, (_, at) => Math.sin(at * at));
  const request = {
    candidates,
    labelled: candidates.slice(0, 16),
    dimensions,
    classNames: ['a', 'b'],
    seed: 1,
  };
  const cold = await runLearningJob({ type: 'order', input: { ...request, head: null } });
  t.equal(new Set(cold.map(({ index }) => index)).size, 50);
  const head = serializeHead(zeroHead(2, dimensions), ['a', 'b'], 'space');
  const warm = await runLearningJob({ type: 'order', input: { ...request, head } });
  t.match(warm[0]?.reason, /torn between a and b/);
});

const workerPath = new URL('../../src/learning/worker.js', import.meta.url).pathname;

t.test('the worker goes when its parent goes, and on SIGTERM', async (t) => {
  for (const end of ['disconnect', 'SIGTERM'] as const) {
    const child = fork(workerPath, [], { serialization: 'advanced', execArgv: [], stdio: 'ignore' });
    t.teardown(() => child.kill('SIGKILL'));
    child.send({ type: 'train', input });
    await once(child, 'message');
    const exited = once(child, 'exit');
    if (end === 'disconnect') child.disconnect();
    else child.kill('SIGTERM');
    t.strictSame(await exited, end === 'disconnect' ? [1, null] : [null, 'SIGTERM'], end);
  }
});

t.test('a job that is none is answered with an error', async (t) => {
  const child = fork(workerPath, [], { serialization: 'advanced', execArgv: [], stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  const answer = once(child, 'message');
  child.send({ type: 'train', input: { frames: 'none' } });
  t.match((await answer)[0], { type: 'error', code: 'request_invalid' });
  await once(child, 'exit');
});
