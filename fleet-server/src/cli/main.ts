import { readFileSync } from 'node:fs';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { isErrorCode, isLinesideError, LinesideError } from '@lineside/shared';
import { ApiClient, ApiError } from '../client/api-client.js';
import type { SweepBody } from '../features/sweeps/schemas.js';
import { auditVerifyCommand } from './audit-verify.js';
import { sweepCommand } from './sweep.js';

const usage = `lineside COMMAND --server URL --email ADDRESS [--password-file FILE] [--json]

lineside train sweep [--architectures ID,…] [--sizes PIXELS,…] [--modes head,tail]
  [--regularisations light,strong] [--dataset ID]
    Tries architectures and settings on the same splits and prints one table. Ctrl+C cancels the run. * marks the
    winner, - what left after the cheap rung.

lineside audit verify [--kept HASH]
    Computes the chain of the audit log anew. Ends with 1 when an entry was changed or taken out, or when HASH, which an
    earlier run printed, is of no entry any more.

The password is read from the file or from LINESIDE_PASSWORD.`;

const common = {
  server: { type: 'string' },
  email: { type: 'string' },
  'password-file': { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const satisfies ParseArgsConfig['options'];

type Values = Record<string, string | boolean | undefined>;

interface Command {
  /** All of them take text. */
  readonly options: readonly string[];
  run(api: ApiClient, values: Values, json: boolean): Promise<void>;
}

const print = (text: string): void => void process.stdout.write(text);
const text = (value: Values[string]): string | undefined => (typeof value === 'string' ? value : undefined);
const listed = (value: Values[string]): string[] | undefined =>
  text(value)
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

const commands: Record<string, Command> = {
  'train sweep': {
    options: ['architectures', 'sizes', 'modes', 'regularisations', 'dataset'],
    run: async (api, values, json) => {
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
      const say = (line: string): void => void process.stderr.write(`${line}\n`);
      await sweepCommand(api, { body, json, signal: stopped.signal, print, say });
    },
  },
  'audit verify': {
    options: ['kept'],
    run: (api, values, json) => auditVerifyCommand(api, { kept: text(values.kept), json, print }),
  },
};

const invalid = (message: string) => new LinesideError('request_invalid', `${message}\n\n${usage}`);

function read(args: string[], options: NonNullable<ParseArgsConfig['options']>, strict: boolean) {
  try {
    return parseArgs({ args, options, strict, allowPositionals: true });
  } catch (error) {
    throw invalid((error as Error).message);
  }
}

async function main(args: string[]): Promise<void> {
  const { positionals, values: asked } = read(args, common, false);
  if (asked.help) return print(`${usage}\n`);
  const command = commands[positionals.slice(0, 2).join(' ')];
  if (!command) throw invalid(`unknown command: ${positionals.slice(0, 2).join(' ') || 'none'}`);
  const own = Object.fromEntries(command.options.map((name) => [name, { type: 'string' } as const]));
  const { values, positionals: rest } = read(args, { ...common, ...own }, true);
  if (rest.length > 2) throw invalid(`unexpected: ${rest.slice(2).join(' ')}`);
  const [server, email] = [text(values.server as Values[string]), text(values.email as Values[string])];
  if (!server || !email) throw invalid('--server and --email are needed');
  const file = text(values['password-file'] as Values[string]);
  const password = file ? readFileSync(file, 'utf8').trimEnd() : process.env.LINESIDE_PASSWORD;
  if (!password) throw invalid('--password-file or LINESIDE_PASSWORD is needed');
  const api = new ApiClient(server.replace(/\/$/, ''));
  await api.signIn(email, password);
  await command.run(api, values as Values, values.json === true);
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
  process.exitCode = isErrorCode(error, 'training_cancelled') ? 130 : 1;
}
