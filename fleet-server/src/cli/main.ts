import { runCommandLine } from './run.js';

const stopped = new AbortController();
process.once('SIGINT', () => stopped.abort());
process.exitCode = await runCommandLine(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  environment: process.env,
  signal: stopped.signal,
});
