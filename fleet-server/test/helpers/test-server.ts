import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import type t from 'tap';
import { makeConfig, type ServerConfig } from '../../src/config.js';
import type { Role } from '../../src/http/route.js';
import { type RunningServer, type ServerOptions, startServer } from '../../src/server.js';
import { ApiClient } from './api-client.js';
import { type Engine, temporaryFolder } from './engines.js';

export interface TestServer extends RunningServer {
  readonly dataDir: string;
  readonly config: ServerConfig;
  /** Signed in as the first admin. */
  readonly admin: ApiClient;
  /** Adds a user with this role and signs in. */
  signIn(role: Role): Promise<ApiClient>;
  /** Adds a user with this role. @returns the one-time link they sign in by */
  invite(role: Role, as?: { name?: string; email?: string }): Promise<string>;
  /** Nobody yet. */
  visitor(): ApiClient;
}

export interface TestServerOptions extends Partial<Omit<ServerOptions, 'log'>> {
  config?: Partial<ServerConfig>;
  /** Start again in this folder and on this database. */
  again?: Pick<TestServer, 'dataDir' | 'config'>;
}

/** A whole server on free loopback ports and a folder of its own. Background work is off unless asked for. */
export async function startTestServer(
  test: Pick<typeof t, 'teardown'>,
  engine: Engine,
  options: TestServerOptions = {},
): Promise<TestServer> {
  const { config: overrides, again, ...rest } = options;
  const dataDir = again?.dataDir ?? (await temporaryFolder(test));
  const { url } = again ? { url: undefined } : await engine.prepare(dataDir);
  const config =
    again?.config ??
    makeConfig({
      dataDir,
      port: 0,
      devicePort: 0,
      mqttPort: 0,
      enrolmentsPerMinute: 1000,
      signInsPerMinute: 1000,
      ...(url ? { databaseUrl: url } : {}),
      ...overrides,
    });
  const running = await startServer(config, {
    log: pino({ level: process.env.TEST_LOG ?? 'silent' }),
    checkResponses: true,
    background: false,
    ...rest,
  });
  test.teardown(() => running.close());
  const visitor = () => new ApiClient(running.apiUrl);
  const byLink = async (path: string) => {
    const client = visitor();
    const token = new URL(path, running.apiUrl).searchParams.get('token');
    const answer = await client.post('/auth/link', { token });
    if (answer.status !== 200) throw new Error(`sign-in by link failed: ${JSON.stringify(answer.body)}`);
    return client;
  };
  const admin = running.signInUrl ? await byLink(running.signInUrl) : visitor();
  const invite: TestServer['invite'] = async (role, as = {}) => {
    const person = { email: `${role}-${randomUUID()}@example.com`, name: role, role, ...as };
    const answer = await admin.post<{ signInPath: string }>('/users', person);
    if (answer.status !== 201) throw new Error(`user not made: ${JSON.stringify(answer.body)}`);
    return new URL(answer.body.signInPath, running.apiUrl).href;
  };
  return {
    ...running,
    dataDir,
    config,
    admin,
    visitor,
    invite,
    signIn: async (role) => byLink(await invite(role)),
  };
}
