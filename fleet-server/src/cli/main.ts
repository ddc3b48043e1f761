import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isLinesideError, LinesideError } from '@lineside/shared';
import { ApiClient, ApiError } from '../client/api-client.js';
import type { SweepBody } from '../features/sweeps/schemas.js';
import { sweepCommand } from './sweep.js';

const usage = `lineside train sweep --server URL --email ADDRESS [--password-file FILE]
  [--architectures ID,…] [--sizes PIXELS,…] [--modes head,tail] [--regularisations light,strong]
  [--dataset ID] [--json]

Tries architectures and settings on the same splits and prints one table. The password is read from the file or from
LINESIDE_PASSWORD. Ctrl+C cancels the run. * marks the winner, - what left after the cheap rung.`;

const options = {
  server: { type: 'string' },
  email: { type: 'string' },
  'password-file': { type: 'string' },
  architectures: { type: 'string' },
  sizes: { type: 'string' },
  modes: { type: 'string' },
  regularisations: { type: 'string' },
  dataset: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const invalid = (message: string) => new LinesideError('request_invalid', `${message}\n\n${usage}`);

function read(args: string[]) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw invalid((error as Error).message);
  }
}

const listed = (text: string | undefined): string[] | undefined =>
  text
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

async function main(args: string[]): Promise<void> {
  const { values, positionals } = read(args);
  if (values.help) return void process.stdout.write(`${usage}\n`);
  if (positionals.join(' ') !== 'train sweep')
    throw invalid(`unknown command: ${positionals.join(' ') || 'none'}`);
  if (!values.server || !values.email) throw invalid('--server and --email are needed');
  const file = values['password-file'];
  const password = file ? readFileSync(file, 'utf8').trimEnd() : process.env.LINESIDE_PASSWORD;
  if (!password) throw invalid('--password-file or LINESIDE_PASSWORD is needed');
  // The server checks the values; its answer names what is wrong.
  const body = JSON.parse(
    JSON.stringify({
      datasetVersionId: values.dataset,
      architectures: listed(values.architectures),
      sizes: listed(values.sizes)?.map(Number),
      modes: listed(values.modes),
      regularisations: listed(values.regularisations),
    }),
  ) as SweepBody;
  const stopped = new AbortController();
  process.once('SIGINT', () => stopped.abort());
  const api = new ApiClient(values.server.replace(/\/$/, ''));
  await api.signIn(values.email, password);
  await sweepCommand(api, {
    ...{ body, json: values.json, signal: stopped.signal },
    print: (text) => void process.stdout.write(text),
    say: (line) => void process.stderr.write(`${line}\n`),
  });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const known = isLinesideError(error) || error instanceof ApiError;
  process.stderr.write(
    known
      ? `${isLinesideError(error) ? `${error.code}: ` : ''}${error.message}\n`
      : `${(error as Error).stack ?? String(error)}\n`,
  );
  process.exitCode = isLinesideError(error) && error.code === 'training_cancelled' ? 130 : 1;
}
