import { parseArgs } from 'node:util';
import { type Command, common, Options, usage } from './command.js';
import { commands } from './commands.js';
import { connect } from './connect.js';
import { exitStatus, explain, UsageError } from './exit-status.js';
import { Output, type OutputTo } from './output.js';

const typed = (options: Command['options'] = {}) =>
  Object.fromEntries(
    Object.entries(options).map(([name, { value }]) => [
      name,
      { type: value ? ('string' as const) : ('boolean' as const) },
    ]),
  );

/** The command whose words come first, in the order they were typed. */
const find = (words: readonly string[]): Command | undefined =>
  commands.find((command) => {
    const own = command.words.split(' ');
    return own.every((word, at) => word === words[at]);
  });

function read(args: string[], options: ReturnType<typeof typed>, strict: boolean) {
  try {
    return parseArgs({ args, options, strict, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Where a run of the command line takes place. */
export interface Surroundings extends OutputTo {
  readonly environment: NodeJS.ProcessEnv;
  /** Ctrl+C. */
  readonly signal: AbortSignal;
}

async function perform(args: string[], { environment, signal, ...to }: Surroundings): Promise<void> {
  const loose = read(args, typed(common), false);
  const command = find(loose.positionals);
  const family = commands.filter(({ words }) => words.split(' ')[0] === loose.positionals[0]);
  if (loose.values.help) {
    const about = command ? [command] : family.length > 0 ? family : commands;
    return void to.out.write(`${usage(about)}\n`);
  }
  if (!command) {
    const said = loose.positionals.slice(0, 2).join(' ') || 'none';
    throw new UsageError(`unknown command: ${said}\n\n${usage(family.length > 0 ? family : commands)}`);
  }
  const { values, positionals } = read(args, typed({ ...common, ...command.options }), true);
  const given = positionals.slice(command.words.split(' ').length);
  const names = command.arguments ?? [];
  const needed = names.filter((name) => !name.endsWith('?')).length;
  if (given.length < needed || given.length > names.length) {
    const wrong = given.length < needed ? 'too few arguments' : 'too many arguments';
    throw new UsageError(`${wrong}\n\n${usage([command])}`);
  }
  const options = new Options(values as ConstructorParameters<typeof Options>[0]);
  await command.run({
    arguments: given,
    options,
    output: new Output(options.has('json'), to),
    signal,
    environment,
    api: () => connect(options, environment),
  });
}

/** @returns the exit status: docs/cli.md */
export async function runCommandLine(args: string[], around: Surroundings): Promise<number> {
  try {
    await perform(args, around);
    return 0;
  } catch (error) {
    around.err.write(`${explain(error)}\n`);
    return exitStatus(error);
  }
}
