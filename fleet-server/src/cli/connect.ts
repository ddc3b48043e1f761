import { readFileSync } from 'node:fs';
import { ApiClient } from '../client/api-client.js';
import type { Options } from './command.js';
import { UsageError } from './exit-status.js';

const secretOf = (file: string | undefined, environment: string | undefined): string | undefined =>
  file ? readFileSync(file, 'utf8').trim() : environment?.trim() || undefined;

/**
 * The server that was named, with an API key or, where an address is given, as a person.
 * @throws UsageError where something is missing; ApiError when the password is wrong
 */
export async function connect(options: Options, environment: NodeJS.ProcessEnv): Promise<ApiClient> {
  const server = options.text('server') ?? environment.LINESIDE_SERVER;
  if (!server || !URL.canParse(server)) throw new UsageError('--server URL or LINESIDE_SERVER is needed');
  const base = server.replace(/\/+$/, '');
  const email = options.text('email');
  if (!email) {
    const key = secretOf(options.text('api-key-file'), environment.LINESIDE_API_KEY);
    if (!key) throw new UsageError('LINESIDE_API_KEY or --api-key-file is needed, or --email');
    return new ApiClient(base, key);
  }
  const password = secretOf(options.text('password-file'), environment.LINESIDE_PASSWORD);
  if (!password) throw new UsageError('--password-file or LINESIDE_PASSWORD is needed');
  const api = new ApiClient(base);
  await api.signIn(email, password, options.text('code'));
  return api;
}
