import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runCommandLine } from '../../src/cli/run.js';
import type { TestServer } from './test-server.js';

const command = fileURLToPath(new URL('../../../bin/lineside.js', import.meta.url));

export interface CommandEnd {
  code: number;
  /** Standard output. */
  out: string;
  /** Standard error. */
  said: string;
}

/** Runs the command line within this process: quicker, for tests of many commands. */
export async function linesideHere(
  args: string[],
  environment: NodeJS.ProcessEnv = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<CommandEnd> {
  const out: string[] = [];
  const said: string[] = [];
  const code = await runCommandLine(args, {
    out: { write: (text: string) => out.push(text) },
    err: { write: (text: string) => said.push(text) },
    environment,
    signal,
  });
  return { code, out: out.join(''), said: said.join('') };
}

/** The command line of a program with a key of this role. */
export async function commandLine(server: TestServer, key: { role: string; writes: boolean }) {
  const { body } = await server.admin.post<{ secret: string }>('/api-keys', {
    name: 'test',
    days: 1,
    ...key,
  });
  const environment = { LINESIDE_API_KEY: body.secret, LINESIDE_SERVER: server.apiUrl };
  const call = (...args: string[]): Promise<CommandEnd> => linesideHere(args, environment);
  const json = async <T>(...args: string[]): Promise<T> => {
    const { code, out, said } = await call(...args, '--json');
    if (code !== 0) throw new Error(`${args.join(' ')}: ${code} ${said}`);
    return JSON.parse(out) as T;
  };
  return Object.assign(call, { json, environment, secret: body.secret });
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
