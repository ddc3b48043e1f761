import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { runTrainerProcess } from '../../src/launchers/child.js';
import type { Launcher, LaunchOptions } from '../../src/launchers/launcher.js';
import { localLauncher, torchrunLauncher } from '../../src/launchers/local.js';
import type { TrainInput } from '../../src/learning/jobs/training.js';
import { readTorchResult } from '../../src/learning/torch/read-result.js';
import { runLearningJob } from '../../src/learning/worker-client.js';
import { side, smallNets } from '../learning/finetune/small-nets.js';
import { options, picture, smallProblem } from '../learning/finetune/small-problem.js';
import { textureClasses, textures, writeFrame } from '../learning/fixtures.js';
import { jobFor, python, trainerMissing } from '../learning/torch/trainer.js';

const skip = trainerMissing() ?? false;

async function inputIn(folder: string): Promise<TrainInput> {
  const frames = [];
  for (const kind of textures) {
    for (let seed = 1; seed <= 6; seed++) {
      frames.push(await writeFrame(folder, kind, seed, seed % 3 === 0 ? 'test' : 'train'));
    }
  }
  const path = join(folder, 'small.onnx');
  await writeFile(path, smallNets.MobileNetV2!(3));
  return {
    frames,
    classes: textureClasses,
    backbone: { name: 'small', space: 'small', path, inputSize: side, dimensions: 24, licences: [] },
    outputDir: join(folder, 'out'),
    checkpointDir: join(folder, 'checkpoints'),
    options: { alpha: 0.05, mode: 'tail', trainer: 'torch', memoryBytes: 1, threads: 1, seed: 1 },
  };
}

const by =
  (launcher: Launcher) =>
  (folder: string, onLine: LaunchOptions['onLine'], signal: AbortSignal): Promise<void> =>
    launcher.run(folder, { onLine, signal });

t.test('a run by the PyTorch trainer is cancelled, goes on and ends as a model', { skip }, async (t) => {
  const input = await inputIn(t.testdir());
  const abort = new AbortController();
  let running = 0;
  const launched: Launcher = {
    kind: 'local',
    async run(folder, options) {
      running++;
      await localLauncher(python)
        .run(folder, options)
        .finally(() => running--);
    },
  };
  const cancelled = runLearningJob(
    { type: 'train', input },
    {
      signal: abort.signal,
      runTorch: by(launched),
      onProgress: ({ message }) => {
        if (/check 1 of 3, epoch 3 of/.test(message)) abort.abort();
      },
    },
  );
  await t.rejects(cancelled, { code: 'training_cancelled' });
  t.equal(running, 0, 'nothing is left running');

  const messages: string[] = [];
  const { report, files } = await runLearningJob(
    { type: 'train', input },
    {
      runTorch: by(launched),
      onProgress: ({ phase, message }) => {
        if (phase === 'finetune') messages.push(message);
      },
    },
  );
  t.match(messages[0], /check 1 of 3, epoch ([3-9]|\d\d) of/, 'it went on from the checkpoint');
  const last = /training on every picture, epoch \d+ of (?<epochs>\d+): loss .*, about \d+ s left/.exec(
    messages.at(-1) ?? '',
  );
  t.ok(last, messages.at(-1) ?? 'no message');
  t.ok(messages.some((message) => /check 2 of 3, .* validation accuracy/.test(message)));
  t.match(report.fineTune, { asked: 'tail', chosen: 'tail', reason: 'asked', folds: 3 });
  t.equal(
    report.fineTune!.table.length,
    Number(last?.groups?.epochs) + 1,
    'an answer for every epoch and the start',
  );
  t.match(files.space, /^small-tail-/);
  t.ok(report.agreement.maxDifference <= 1e-3, 'what ships is what was trained');
});

/** In place of PyTorch's launcher, whose Debian build fails at its start: as many processes, told the same by environment. */
const standInTorchrun = `#!${python}
import os, socket, subprocess, sys
count = next(int(each.split('=')[1]) for each in sys.argv if each.startswith('--nproc_per_node='))
assert sys.argv[1:4] == ['-m', 'torch.distributed.run', '--standalone'], sys.argv
probe = socket.create_server(('127.0.0.1', 0))
port = str(probe.getsockname()[1])
probe.close()
shared = dict(os.environ, WORLD_SIZE=str(count), MASTER_ADDR='127.0.0.1', MASTER_PORT=port)
args = ['${python}'] + sys.argv[5:]
ranks = [subprocess.Popen(args, env=dict(shared, RANK=str(rank), LOCAL_RANK='0')) for rank in range(count)]
sys.exit(max(rank.wait() for rank in ranks))
`;

t.test('torchrun is started with as many processes as configured', { skip }, async (t) => {
  const folder = t.testdir();
  const problem = await smallProblem(smallNets.MobileNetV2!(3), 'tail');
  const short = { ...options, epochs: 1 };
  await jobFor(folder, smallNets.MobileNetV2!(3), problem, picture, 'tail', short);
  const command = join(folder, 'stand-in-torchrun');
  await writeFile(command, standInTorchrun, { mode: 0o755 });
  const lines: unknown[] = [];
  await torchrunLauncher(command, '2').run(folder, {
    signal: new AbortController().signal,
    onLine: (line) => lines.push(line),
  });
  t.match(lines[0], { type: 'start', world: 2 });
  t.equal((await readTorchResult(folder, problem)).history.length, 2);
});

const inShell = (script: string, signal = new AbortController().signal, lines: unknown[] = []) =>
  runTrainerProcess('/bin/sh', ['-c', script], {}, { signal, onLine: (line) => lines.push(line) });

t.test('what a trainer says is heard, its errors keep their codes', async (t) => {
  const lines: unknown[] = [];
  await inShell(`echo not JSON; echo '{"type":"done"}'`, undefined, lines);
  t.strictSame(lines, [{ type: 'done' }]);
  await t.rejects(
    inShell(`echo '{"type":"error","code":"model_invalid","message":"Softplus odd"}'; exit 3`),
    { code: 'model_invalid', message: 'Softplus odd' },
  );
  await t.rejects(inShell(`echo '{"type":"error","code":"download_failed","message":"HTTP 500"}'; exit 5`), {
    code: 'training_failed',
    message: 'HTTP 500',
  });
  await t.rejects(inShell('echo "no module torch" >&2; exit 1'), {
    code: 'training_failed',
    message: /exit status 1.*no module torch/,
  });
  await t.rejects(
    localLauncher('/no/such/python').run('/tmp', { signal: AbortSignal.any([]), onLine() {} }),
    {
      code: 'training_failed',
      message: /ENOENT/,
    },
  );
});

t.test('it knows no secret of the server and ends with what it started', async (t) => {
  process.env.LINESIDE_TEST_SECRET = 'not for children';
  t.teardown(() => delete process.env.LINESIDE_TEST_SECRET);
  const words = `echo "path \${PATH:+known}, secret \${LINESIDE_TEST_SECRET:-unknown}"`;
  await t.rejects(inShell(`${words} >&2; exit 1`), { message: /path known, secret unknown/ });
  const abort = new AbortController();
  const lines: { pid?: number }[] = [];
  const running = runTrainerProcess(
    '/bin/sh',
    ['-c', `sleep 600 & echo "{\\"pid\\":$!}"; wait`],
    {},
    {
      signal: abort.signal,
      onLine(line) {
        lines.push(line as { pid: number });
        abort.abort();
      },
    },
  );
  await t.rejects(running, { code: 'training_cancelled' });
  const gone = () => {
    try {
      process.kill(lines[0]!.pid!, 0);
      return false;
    } catch {
      return true;
    }
  };
  while (!gone()) await new Promise((resolve) => setTimeout(resolve, 20));
  t.pass('the process that it had started is gone');
});
