import { readFile } from 'node:fs/promises';
import { createReconciler } from '../../src/reconcile/reconciler.js';
import { FakeHost } from '../update/fake-host.js';

/** Reconciles to what the job file says until it is killed, and says each phase on a line. */
const [stateDir = '', jobFile = ''] = process.argv.slice(2);
const { identity, desired } = JSON.parse(await readFile(jobFile, 'utf8'));
const host = new FakeHost();
const reconciler = createReconciler({
  host,
  identity,
  stateDir,
  probation: { graceMs: 30, minDecisions: 1, maxWaitMs: 100 },
  backoff: { minMs: 5, maxMs: 30 },
  onReported: ({ update }) =>
    process.stdout.write(`${update.phase} ${update.version ?? '-'} ${update.code ?? '-'}\n`),
});
await reconciler.start();
process.stdout.write(`started ${host.active()?.manifest.version ?? '-'}\n`);
reconciler.desire(desired);
setInterval(() => undefined, 1000);
