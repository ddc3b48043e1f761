import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Compile } from 'typebox/compile';
import { agentBench } from './agent/full-rate.js';
import { recoveryBench } from './agent/recovery.js';
import { soakBench } from './agent/soak.js';
import { consoleBench } from './console/console.js';
import { exportMemoryBench } from './export-memory.js';
import { rolloutBench } from './fleet/rollout.js';
import { ingestBench } from './ingest.js';
import { int8Bench } from './int8/int8.js';
import { anomalyBench } from './learning/anomaly.js';
import { modesBench } from './learning/modes.js';
import { promiseBench } from './learning/promise.js';
import { trainBench } from './learning/train.js';
import { type Bench, BenchReport, benchOptions, machine } from './report.js';

const benches: Record<string, Bench> = {
  ingest: ingestBench,
  agent: agentBench,
  'agent-recovery': recoveryBench,
  'agent-soak': soakBench,
  int8: int8Bench,
  train: trainBench,
  modes: modesBench,
  promise: promiseBench,
  anomaly: anomalyBench,
  rollout: rolloutBench,
  console: consoleBench,
  'export-memory': exportMemoryBench,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    list: { type: 'boolean', default: false },
    ...benchOptions,
  },
});
if (values.list) {
  for (const [name, bench] of Object.entries(benches)) console.log(`${name.padEnd(15)} ${bench.summary}`);
  process.exit(0);
}
const name = positionals[0] ?? '';
const bench = benches[name];
if (!bench) {
  console.error(`usage: npm run bench -- NAME --json FILE\nnames: ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}

const workDir = await mkdtemp(join(tmpdir(), `lineside-bench-${name}-`));
try {
  const result = await bench.run({ workDir, say: (line) => console.log(line), options: values });
  const report: BenchReport = { name, machine: machine(), ...result };
  const problem = Compile(BenchReport).Errors(report)[0];
  if (problem)
    throw new Error(`the report does not match its schema: ${problem.instancePath} ${problem.message}`);
  for (const [key, ratio] of Object.entries(report.ratios)) console.log(`${key}: ${ratio}`);
  if (values.json) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  else console.log(JSON.stringify(report, null, 2));
  process.exitCode = report.ok ? 0 : 1;
} catch (error) {
  console.error(`logs are kept in ${workDir}`);
  throw error;
}
await rm(workDir, { recursive: true, force: true });
