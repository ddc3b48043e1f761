import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { tuneModes } from '@lineside/fleet-server/learning/tuning/modes';
import { Compile } from 'typebox/compile';
import { Arm } from './arm.js';
import { readImageFolder, splitPictures } from './dataset.js';
import { EvalReport } from './report.js';

const usage = `npm run eval -- --data DIR --json FILE [options]
  --rounds R             rounds of stream, label, train, roll out, evaluate (4)
  --labels-per-round N   labels the oracle spends in each round (35)
  --devices D            agents, each its own process (4)
  --seed S               of the split and of the random arm (1)
  --group-by REGEX       on each path; pictures whose first capture group is the same stay together
  --max-pool N           frames the cameras of one arm see at the most (4000)
  --max-held-out N       frames held out at the most (600)
  --mode MODE            head, tail, whole or auto: what is trained beside the head (auto)
  --keep                 leave the working folder for inspection`;

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    json: { type: 'string' },
    rounds: { type: 'string', default: '4' },
    'labels-per-round': { type: 'string', default: '35' },
    devices: { type: 'string', default: '4' },
    seed: { type: 'string', default: '1' },
    'group-by': { type: 'string' },
    'max-pool': { type: 'string', default: '4000' },
    'max-held-out': { type: 'string', default: '600' },
    mode: { type: 'string', default: 'auto' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help || !values.data || !values.json) {
  console.error(usage);
  process.exit(values.help ? 0 : 2);
}
const whole = (
  name: 'rounds' | 'labels-per-round' | 'devices' | 'seed' | 'max-pool' | 'max-held-out',
): number => {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < (name === 'seed' ? 0 : 1)) {
    console.error(`--${name} must be a whole number, not '${values[name]}'`);
    process.exit(2);
  }
  return value;
};

const mode = tuneModes.find((known) => known === values.mode);
if (!mode) {
  console.error(`--mode must be one of ${tuneModes.join(', ')}, not '${values.mode}'`);
  process.exit(2);
}

const started = performance.now();
const say = (line: string) =>
  console.log(`[${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s] ${line}`);
const data = resolve(values.data);
const seed = whole('seed');
const devices = whole('devices');
const folder = await readImageFolder(data, values['group-by'] ? new RegExp(values['group-by']) : undefined);
const split = splitPictures(folder, {
  seed,
  devices,
  rounds: whole('rounds'),
  share: 0.25,
  maxHeldOut: whole('max-held-out'),
  maxPool: whole('max-pool'),
});
say(`${folder.classNames.length} classes, ${split.pool} frames to see, ${split.heldOut.length} held out`);

const workDir = await mkdtemp(join(tmpdir(), 'lineside-eval-'));
const arm = (name: 'queue' | 'random') =>
  new Arm({
    name,
    workDir: join(workDir, name),
    classNames: folder.classNames,
    split,
    labelsPerRound: whole('labels-per-round'),
    mode,
    seed,
    say,
  }).run();
let keep = values.keep;
try {
  const queue = await arm('queue');
  const random = await arm('random');
  const lost = queue.lost + random.lost;
  const duplicated = queue.duplicated + random.duplicated;
  const report: EvalReport = {
    data: values.data,
    classes: folder.classNames,
    seed,
    devices,
    poolFrames: split.pool,
    heldOutFrames: split.heldOut.length,
    arms: { queue, random },
    lost,
    duplicated,
    seconds: Math.round(performance.now() - started) / 1000,
    ok: lost === 0 && duplicated === 0,
  };
  const problem = Compile(EvalReport).Errors(report)[0];
  if (problem)
    throw new Error(`the report does not match its schema: ${problem.instancePath} ${problem.message}`);
  await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  say(`wrote ${values.json}: lost ${lost}, duplicated ${duplicated}`);
  process.exitCode = report.ok ? 0 : 1;
} catch (error) {
  keep = true;
  throw error;
} finally {
  if (keep) say(`the working folder is ${workDir}`);
  else await rm(workDir, { recursive: true, force: true });
}
