import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Child, startChild } from './child.js';

const entry = new URL('../../../../agent/bin/lineside-agent.js', import.meta.url);

/** Configuration of an agent as its file holds it; see `shared/src/agent-config`. */
export type AgentSettings = Record<string, unknown> & { cameras: unknown[] };

export interface RunningAgent extends Child {
  readonly name: string;
  readonly dir: string;
  readonly enrolUrl: string;
  readonly claimToken: string;
}

/**
 * Starts an agent as its own process. The claim token is needed the first time only: afterwards the identity in the
 * state folder is used.
 */
export async function startAgent(options: {
  name: string;
  dir: string;
  enrolUrl: string;
  claimToken: string;
  settings: AgentSettings;
  env?: NodeJS.ProcessEnv;
}): Promise<RunningAgent> {
  await mkdir(options.dir, { recursive: true });
  const file = join(options.dir, 'agent.json');
  const { enrolUrl, claimToken } = options;
  const config = {
    stateDir: join(options.dir, 'state'),
    deviceName: options.name,
    server: { enrolUrl, claimToken },
    ...options.settings,
  };
  await writeFile(file, JSON.stringify(config, null, 2), { mode: 0o600 });
  const child = startChild(entry, ['--config', file], {
    logFile: join(options.dir, 'agent.log'),
    // As its service unit and its image have it.
    env: { MALLOC_ARENA_MAX: '2', ...options.env },
  });
  return Object.assign(child, { name: options.name, dir: options.dir, enrolUrl, claimToken });
}
