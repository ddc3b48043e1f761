import type { ApiClient } from '../client/api-client.js';
import type { Output } from './output.js';

export interface Option {
  /** What stands for the value in the help; absent: a switch. */
  readonly value?: string;
  readonly help: string;
}

/** One command of the table. What a person may type, what is said about it, and what it does. */
export interface Command {
  /** `devices list` */
  readonly words: string;
  readonly help: string;
  /** Of what follows the words, in order; one that ends in `?` may be left out. */
  readonly arguments?: readonly string[];
  readonly options?: Readonly<Record<string, Option>>;
  run(call: Call): Promise<void>;
}

/** What a command is called with. */
export interface Call {
  readonly arguments: readonly string[];
  readonly options: Options;
  readonly output: Output;
  /** Ctrl+C. */
  readonly signal: AbortSignal;
  readonly environment: NodeJS.ProcessEnv;
  /** Connects to the server that was named. @throws LinesideError `request_invalid` where none was */
  api(): Promise<ApiClient>;
}

export class Options {
  constructor(private readonly values: Readonly<Record<string, string | boolean | undefined>>) {}

  has = (name: string): boolean => this.values[name] === true;

  text(name: string): string | undefined {
    const value = this.values[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** Parts between commas. */
  list(name: string): string[] | undefined {
    return this.text(name)
      ?.split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }

  /** As it was typed where it is no number: then the server says what is wrong. */
  number(name: string): number | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : Number(value);
  }
}

export const common: Readonly<Record<string, Option>> = {
  server: { value: 'URL', help: 'the fleet server; or LINESIDE_SERVER' },
  'api-key-file': { value: 'FILE', help: 'holds an API key; or LINESIDE_API_KEY' },
  email: { value: 'ADDRESS', help: 'sign in as a person instead' },
  'password-file': { value: 'FILE', help: 'holds their password; or LINESIDE_PASSWORD' },
  code: { value: 'CODE', help: 'of their second factor, or a recovery code' },
  json: { help: 'print what the API answers' },
  help: { help: 'print this' },
};

const optionHelp = ([name, { value, help }]: [string, Option]): string =>
  `      ${`--${name}${value ? ` ${value}` : ''}`.padEnd(24)} ${help}`;

const line = ({ words, arguments: names = [] }: Command): string =>
  [words, ...names.map((name) => (name.endsWith('?') ? `[${name.slice(0, -1)}]` : name))].join(' ');

/** What `--help` prints for these commands. */
export function usage(commands: readonly Command[]): string {
  const parts = commands.map((command) =>
    [
      `  lineside ${line(command)}`,
      `      ${command.help}`,
      ...Object.entries(command.options ?? {}).map(optionHelp),
    ].join('\n'),
  );
  return [
    'lineside COMMAND [--server URL] [--json]',
    '',
    ...parts,
    '',
    '  every command:',
    ...Object.entries(common).map(optionHelp),
    '',
    'Exit status: 0 done; 1 refused or failed; 2 wrong use; 3 not signed in or not allowed; 4 no such thing;',
    '5 the server cannot be reached; 6 leaks were found; 130 interrupted.',
  ].join('\n');
}
