import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runCommandLine } from '../../src/cli/run.js';

const command = fileURLToPath(new URL('../../../bin/lineside.js', import.meta.url));

export interface CommandEnd {
  code: number;
  /** Standard output. */
  out: string;
  /** Standard error. */
  said: string;
}

/** Runs the command line within this process: quicker, for tests of many commands. */
export async function linesideHere(args: string[], environment: NodeJS.ProcessEnv = {}): Promise<CommandEnd> {
  const out: string[] = [];
  const said: string[] = [];
  const code = await runCommandLine(args, {
    out: { write: (text: string) => out.push(text) },
    err: { write: (text: string) => said.push(text) },
    environment,
    signal: new AbortController().signal,
  });
  return { code, out: out.join(''), said: said.join('') };
}

/** Runs the command line as a person would. */
export const lineside = (args: string[], environment: NodeJS.ProcessEnv = {}): Promise<CommandEnd> =>
  new Promise((resolve, reject) => {
    const env = { ...process.env, ...environment };
    execFile(process.execPath, [command, ...args], { env }, (error, out, said) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: Number(error?.code ?? 0), out, said });
    });
  });
