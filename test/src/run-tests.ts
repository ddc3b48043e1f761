import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';

/**
 * Runs every suite with tap and closes with one line, `N passed, N failed`, counted in tests (not assertions).
 * A suite whose system tool is missing is skipped by its own `skip` reason, which is repeated here.
 * Arguments are handed on to tap: `npm test -- agent/dist/test/spool.test.js`.
 */
const results = 'test-results/results.tap';
mkdirSync('test-results', { recursive: true });
rmSync(results, { force: true });

// The counters of the terse reporter are drawn anew all the time: on a terminal only.
const reporter = process.stdout.isTTY ? 'terse' : 'silent';
const tap = ['tap', `--reporter=${reporter}`, `--output-file=${results}`, ...process.argv.slice(2)];
const child = spawn('npx', tap, { stdio: 'inherit' });
const code = await new Promise<number>((resolve) => child.on('exit', (status) => resolve(status ?? 1)));

let passed = 0;
let failed = 0;
const skipped = new Map<string, number>();
// Files are at indent 0; the tests in them at 4 are what a person counts. A file that fails with no test counts once.
let inFile = 0;
let explaining = false;
for (const line of readFileSync(results, 'utf8').split('\n')) {
  // Below the tests are the assertions: one that failed says why, down to the end of its YAML block.
  if (/^ {8,}not ok /.test(line)) explaining = true;
  if (reporter === 'silent' && explaining) console.log(line);
  if (/^ {8,}\.\.\.$/.test(line)) explaining = false;
  const point = /^( {0,4})(not ok|ok) \d+( - .*)?$/.exec(line);
  if (!point) continue;
  const [, indent, status, text = ''] = point;
  explaining = false;
  const failing = indent === '    ' && status === 'not ok';
  if (reporter === 'silent' && (failing || indent === '')) console.log(line);
  const skip = /# SKIP ?(.*)$/.exec(text);
  if (indent === '    ' && skip) skipped.set(skip[1] || text, (skipped.get(skip[1] || text) ?? 0) + 1);
  else if (indent === '    ' && status === 'ok') passed++;
  else if (indent === '    ') failed++;
  else if (indent === '' && status === 'not ok' && inFile === failed) failed++;
  if (indent === '') inFile = failed;
}
for (const [reason, count] of skipped) console.log(`skipped ${count}: ${reason}`);
const skippedTotal = [...skipped.values()].reduce((sum, count) => sum + count, 0);
if (code !== 0 && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed${skippedTotal ? `, ${skippedTotal} skipped` : ''}`);
process.exit(failed > 0 ? 1 : code);
