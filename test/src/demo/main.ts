import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Compile } from 'typebox/compile';
import { runOnce } from './once.js';
import { startPlant } from './plant.js';
import { DemoReport } from './report.js';

const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    json: { type: 'string' },
    dir: { type: 'string' },
    cameras: { type: 'string', default: '4' },
  },
});
const started = performance.now();
const dir = resolve(
  values.dir ?? (values.once ? await mkdtemp(join(tmpdir(), 'lineside-demo-')) : '.lineside/demo'),
);
await mkdir(dir, { recursive: true });
console.log(`Lineside demo in ${dir}`);

const plant = await startPlant({
  dir,
  cameras: Number(values.cameras),
  framesPerSecond: values.once ? 4 : 1,
  wellKnownPorts: !values.once,
});
const startSeconds = Math.round(performance.now() - started) / 1000;

if (values.once) {
  try {
    if (!plant.api) throw new Error(`${dir} was used before; --once needs an empty folder`);
    const report = await runOnce(plant, plant.api, (line) => console.log(line), startSeconds);
    const problem = Compile(DemoReport).Errors(report)[0];
    if (problem)
      throw new Error(`the report does not match its schema: ${problem.instancePath} ${problem.message}`);
    if (values.json) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
    console.log(JSON.stringify(report, null, 2));
    process.exitCode = report.ok ? 0 : 1;
  } finally {
    await plant.stop();
    if (!values.dir && process.exitCode === 0) await rm(dir, { recursive: true, force: true });
  }
} else {
  console.log(`
  Console   ${plant.server.ready.apiUrl}
  Sign in   ${plant.signInUrl ?? 'with your e-mail address and password'}
${plant.signInUrl ? '            (works once; set a password there)\n' : ''}
  ${plant.agents.length} cameras watch a generated line of parts. The first model knows nothing, so every frame comes to
  Review. Label a hundred frames, press Train, roll the model out, and see what the cameras now know.
  Ctrl-C stops everything; starting again goes on from here. Remove ${dir} to begin anew.
`);
  let stopping = false;
  const stop = async (why: string) => {
    if (stopping) return;
    stopping = true;
    console.log(`${why}: stopping …`);
    await plant.stop();
    console.log('stopped');
    process.exit(0);
  };
  process.on('SIGINT', () => void stop('interrupted'));
  process.on('SIGTERM', () => void stop('terminated'));
  // A part that ends by itself ends the demo, with the place to look.
  void plant.server.exited.then(() =>
    stop(`the fleet server ended, see ${join(dir, 'server', 'server.log')}`),
  );
}
