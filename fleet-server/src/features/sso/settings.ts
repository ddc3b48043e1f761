import { readFile } from 'node:fs/promises';
import { LinesideError } from '@lineside/shared';
import type { ServerConfig } from '../../config.js';
import { type Role, roles } from '../../http/route.js';

/** What the fleet server has to know of the identity provider. */
export interface SsoSettings {
  readonly issuer: URL;
  readonly clientId: string;
  /** Absent: a public client, which PKCE alone protects. */
  readonly clientSecret: string | undefined;
  readonly scopes: string;
  /** On the button. */
  readonly label: string;
  readonly roleClaim: string;
  readonly rolesByGroup: ReadonlyMap<string, Role>;
  readonly defaultRole: Role | undefined;
  readonly people: 'invited' | 'anyone';
}

const loopback = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Without TLS only to this machine, for tests and tunnels. */
export const isLoopback = (url: URL): boolean => url.protocol === 'http:' && loopback.has(url.hostname);

function addressIn(key: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'https:' || (url && isLoopback(url))) return url;
  throw new LinesideError('config_invalid', `/${key} is no https address`);
}

function rolesIn(pairs: readonly string[]): Map<string, Role> {
  return new Map(
    pairs.map((pair) => {
      const [name = '', ...group] = pair.split('=');
      const role = roles.find((known) => known === name.trim());
      if (!role || group.length === 0)
        throw new LinesideError('config_invalid', `/oidcRoles ${pair} is not role=group`);
      return [group.join('=').trim(), role];
    }),
  );
}

/** Null: single sign-on is not configured. @throws LinesideError `config_invalid` */
export async function ssoSettings(config: ServerConfig): Promise<SsoSettings | null> {
  if (config.publicUrl) addressIn('publicUrl', config.publicUrl);
  const { oidcIssuer, oidcClientId, oidcClientSecretFile } = config;
  if (!oidcIssuer || !oidcClientId) {
    if (oidcIssuer || oidcClientId)
      throw new LinesideError('config_invalid', 'oidcIssuer and oidcClientId go together');
    if (config.passwordOnlyFor.length > 0)
      throw new LinesideError(
        'config_invalid',
        'passwordOnlyFor needs oidcIssuer: nobody else could sign in',
      );
    return null;
  }
  const rolesByGroup = rolesIn(config.oidcRoles);
  if (config.oidcPeople === 'anyone' && rolesByGroup.size === 0 && !config.oidcDefaultRole)
    throw new LinesideError('config_invalid', 'oidcPeople anyone needs oidcRoles or oidcDefaultRole');
  return {
    issuer: addressIn('oidcIssuer', oidcIssuer),
    clientId: oidcClientId,
    clientSecret: oidcClientSecretFile
      ? (await readFile(oidcClientSecretFile, 'utf8')).trim()
      : config.oidcClientSecret,
    scopes: config.oidcScopes,
    label: config.oidcLabel,
    roleClaim: config.oidcRoleClaim,
    rolesByGroup,
    defaultRole: config.oidcDefaultRole,
    people: config.oidcPeople,
  };
}
