import { LinesideError } from '@lineside/shared';
import * as oidc from 'openid-client';
import type { Claims } from './claims.js';
import { isLoopback, type SsoSettings } from './settings.js';

const timeoutSeconds = 10;
/** What the provider says of itself is asked for again after so long. */
const discoveredForMs = 3_600_000;
const clockToleranceSeconds = 30;

/** What the answer has to fit: kept by the browser, sealed. */
export interface Checks {
  state: string;
  nonce: string;
  verifier: string;
}

/** As the provider prefers it; the standard's own choice where it does not say. */
const authenticate = (secret: string | undefined): oidc.ClientAuth => {
  if (!secret) return oidc.None();
  const basic = oidc.ClientSecretBasic(secret);
  const post = oidc.ClientSecretPost(secret);
  return (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    return (methods.includes('client_secret_basic') ? basic : post)(server, ...rest);
  };
};

/** Told apart from an answer that is wrong: this may pass by itself. */
function isUnreachable(error: unknown): boolean {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    if (cause.name === 'TimeoutError' || cause.message === 'fetch failed') return true;
    if ((cause as { code?: unknown }).code === 'OAUTH_TIMEOUT') return true;
    if (cause.cause instanceof Response && cause.cause.status >= 500) return true;
  }
  return false;
}

function coded(error: unknown): LinesideError {
  if (error instanceof oidc.AuthorizationResponseError)
    return new LinesideError('sso_refused', `The identity provider said ${error.error}.`, { cause: error });
  return new LinesideError(isUnreachable(error) ? 'sso_unreachable' : 'sso_failed', undefined, {
    cause: error,
  });
}

/** The authorization code flow with PKCE, state and nonce. */
export class IdentityProvider {
  #discovered: { at: number; configuration: Promise<oidc.Configuration> } | null = null;

  constructor(private readonly settings: SsoSettings) {}

  /** @throws LinesideError `sso_unreachable`, `sso_failed` */
  async begin(redirectUri: string): Promise<{ url: URL; checks: Checks }> {
    try {
      const checks = {
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
        verifier: oidc.randomPKCECodeVerifier(),
      };
      const url = oidc.buildAuthorizationUrl(await this.#configuration(), {
        redirect_uri: redirectUri,
        scope: this.settings.scopes,
        state: checks.state,
        nonce: checks.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(checks.verifier),
        code_challenge_method: 'S256',
      });
      return { url, checks };
    } catch (error) {
      throw coded(error);
    }
  }

  /**
   * What the provider says of the person who came back to this address.
   * @throws LinesideError `sso_refused`, `sso_unreachable`, `sso_failed`
   */
  async finish(address: URL, checks: Checks): Promise<Claims & { sub: string }> {
    try {
      const configuration = await this.#configuration();
      const tokens = await oidc.authorizationCodeGrant(configuration, address, {
        expectedState: checks.state,
        expectedNonce: checks.nonce,
        pkceCodeVerifier: checks.verifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (!claims) throw new Error('there is no ID token');
      const more = configuration.serverMetadata().userinfo_endpoint
        ? await oidc.fetchUserInfo(configuration, tokens.access_token, claims.sub)
        : {};
      return { ...more, ...claims };
    } catch (error) {
      throw coded(error);
    }
  }

  #configuration(): Promise<oidc.Configuration> {
    const now = performance.now();
    if (this.#discovered && now - this.#discovered.at < discoveredForMs)
      return this.#discovered.configuration;
    const { issuer, clientId, clientSecret } = this.settings;
    const configuration = oidc.discovery(
      issuer,
      clientId,
      { [oidc.clockTolerance]: clockToleranceSeconds },
      authenticate(clientSecret),
      { timeout: timeoutSeconds, ...(isLoopback(issuer) ? { execute: [oidc.allowInsecureRequests] } : {}) },
    );
    this.#discovered = { at: now, configuration };
    configuration.catch(() => {
      this.#discovered = null;
    });
    return configuration;
  }
}
