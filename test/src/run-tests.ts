import { appendFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePgliteTemplate, pgliteTemplateVariable } from '@lineside/fleet-server/testing/pglite-template';
import { inOrder } from './suite/order.js';
import { type FileRun, runFile } from './suite/run-file.js';
import { type FileOutcome, readTapFile } from './suite/tap-file.js';

/**
 * Runs every suite, two files at a time, and closes with one line, `N passed, N failed`, counted in tests (not
 * assertions). A suite whose system tool is missing is skipped by its own `skip` reason, which is repeated here.
 * Arguments are the files to run instead of all: `npm test -- agent/dist/test/spool/spool.test.js`.
 */
const results = 'test-results/results.tap';
const jobs = 2;
const timeoutMs = 1_200_000;
const folders = ['shared', 'agent', 'fleet-server', 'test'].map((name) => `${name}/dist/test`);

const testsIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => join(folder, name));

const files =
  process.argv.length > 2
    ? process.argv.slice(2)
    : inOrder([...folders, 'console/dist-types/test'].flatMap(testsIn));
mkdirSync('test-results', { recursive: true });
writeFileSync(results, `TAP version 14\n1..${files.length}\n`);

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort());

const outcomes: FileOutcome[] = [];
function close(file: string, run: FileRun): void {
  const outcome = readTapFile(run.output, run.status === 0);
  outcomes.push(outcome);
  const point = `${outcome.failed === 0 ? 'ok' : 'not ok'} ${outcomes.length} - ${file} # time=${Math.round(run.ms)}ms`;
  const indented = run.output
    .replaceAll(/^(?=.)/gm, '    ')
    .replace(/^ {4}TAP version 14$/m, `# Subtest: ${file}`);
  appendFileSync(results, `${indented}\n${point}\n`);
  for (const line of outcome.report) console.log(`    ${line}`);
  if (outcome.failed > 0 && run.status === null) console.log('    the process was ended by a signal');
  if (outcome.failed > 0 && run.said) console.log(run.said.trimEnd().replaceAll(/^/gm, '    | '));
  console.log(point);
}

const template = await makePgliteTemplate();
try {
  const env = { ...process.env, [pgliteTemplateVariable]: template };
  const waiting = [...files];
  const work = async () => {
    for (let file = waiting.shift(); file && !stopping.signal.aborted; file = waiting.shift()) {
      close(file, await runFile(file, { env, timeoutMs, signal: stopping.signal }));
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
} finally {
  rmSync(template, { recursive: true, force: true });
}

const skipped = outcomes.flatMap((outcome) => outcome.skipped);
for (const reason of new Set(skipped)) {
  console.log(`skipped ${skipped.filter((other) => other === reason).length}: ${reason}`);
}
const sum = (of: (outcome: FileOutcome) => number) =>
  outcomes.reduce((total, outcome) => total + of(outcome), 0);
const failed = sum((outcome) => outcome.failed);
const passed = sum((outcome) => outcome.passed);
if (outcomes.length < files.length) console.log(`${files.length - outcomes.length} files were not run`);
console.log(`${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`);
process.exit(failed > 0 || outcomes.length < files.length ? 1 : 0);
