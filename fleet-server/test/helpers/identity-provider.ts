import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import type t from 'tap';

export interface Account {
  email?: string;
  email_verified?: boolean;
  name?: string;
  groups?: string[];
}

export const client = { id: 'lineside', secret: 'a secret between the two' };

/** A real OpenID provider on loopback. */
export interface TestProvider {
  readonly issuer: string;
  /** By subject. */
  readonly accounts: Map<string, Account>;
  /** Who signs in without being asked; null: refuses; undefined: the provider's own page asks. */
  signsIn: string | null | undefined;
  /** Answers instead of the provider; for tests of what goes wrong. */
  instead: ((request: IncomingMessage, response: ServerResponse) => boolean) | null;
  /** Lets the console at this address in. */
  serve(consoleUrl: string): void;
}

export async function startIdentityProvider(test: Pick<typeof t, 'teardown'>): Promise<TestProvider> {
  let handle: ((request: IncomingMessage, response: ServerResponse) => unknown) | null = null;
  const server = createServer((request, response) => {
    if (idp.instead?.(request, response)) return;
    if (handle) handle(request, response);
    else response.writeHead(503).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const idp: TestProvider = {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accounts: new Map(),
    signsIn: undefined,
    instead: null,
    serve(consoleUrl) {
      handle = serving(idp, consoleUrl);
    },
  };
  return idp;
}

function serving(idp: TestProvider, consoleUrl: string) {
  const provider: Provider = new Provider(idp.issuer, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [`${consoleUrl}/api/v1/auth/sso/callback`],
      },
    ],
    cookies: { keys: ['of a test'] },
    scopes: ['openid', 'profile', 'email', 'groups'],
    claims: {
      openid: ['sub'],
      profile: ['name'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    findAccount: (_context, id) => {
      const account = idp.accounts.get(id);
      return account && { accountId: id, claims: () => ({ sub: id, ...account }) };
    },
    async loadExistingGrant({ oidc }) {
      const grant = new provider.Grant({
        clientId: oidc.client?.clientId ?? '',
        accountId: oidc.session?.accountId ?? '',
      });
      grant.addOIDCScope('openid profile email groups');
      await grant.save();
      return grant;
    },
  });
  const answer = provider.callback();
  return async (request: IncomingMessage, response: ServerResponse) => {
    if (idp.signsIn === undefined || !request.url?.startsWith('/interaction/'))
      return answer(request, response);
    const result =
      idp.signsIn === null
        ? { error: 'access_denied' }
        : { login: { accountId: idp.signsIn, remember: false } };
    await provider.interactionFinished(request, response, result);
  };
}
