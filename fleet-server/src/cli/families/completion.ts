import { type Command, common } from '../command.js';
import { UsageError } from '../exit-status.js';

const optionsOf = (command: Command): string =>
  Object.keys({ ...command.options, ...common })
    .map((name) => `--${name}`)
    .join(' ');

/** Words that may come first, and after each of them. */
function wordTree(commands: readonly Command[]): Map<string, string[]> {
  const tree = new Map<string, string[]>();
  for (const { words } of commands) {
    const [first = '', second] = words.split(' ');
    tree.set(first, [...(tree.get(first) ?? []), ...(second ? [second] : [])]);
  }
  return tree;
}

/** Completes words by the table; file names where an option or an argument takes a file. */
function bash(commands: readonly Command[]): string {
  const tree = wordTree(commands);
  const seconds = [...tree].map(([first, rest]) => `    ${first}) words="${rest.join(' ')}" ;;`);
  const options = commands.map((command) => `    "${command.words}") words="${optionsOf(command)}" ;;`);
  return `_lineside() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${[...tree.keys()].join(' ')}"
  elif [ "$COMP_CWORD" -eq 2 ]; then
    case "\${COMP_WORDS[1]}" in
${seconds.join('\n')}
    esac
  elif [[ "$current" == -* ]]; then
    case "\${COMP_WORDS[1]} \${COMP_WORDS[2]}" in
${options.join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _lineside lineside
`;
}

const scripts: Record<string, (commands: readonly Command[]) => string> = {
  bash,
  zsh: (commands) => `autoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`,
};

/** @param commands the whole table, which is complete only when the command runs */
export const completion = (commands: () => readonly Command[]): Command => ({
  words: 'completion',
  arguments: ['SHELL'],
  help: 'a script for bash or zsh: source <(lineside completion bash)',
  async run({ arguments: [shell = ''], output }) {
    const script = scripts[shell];
    if (!script) throw new UsageError('lineside completion bash, or zsh');
    output.print(script(commands()));
  },
});
