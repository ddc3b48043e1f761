import { LinesideError } from '@lineside/shared';
import { type Role, roles } from '../../http/route.js';
import type { SsoSettings } from './settings.js';

export type Claims = Readonly<Record<string, unknown>>;

const textIn = (claims: Claims, name: string): string | undefined => {
  const value = claims[name];
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** By its name as it is, which may be an address with dots, or else along the dots: `realm_access.roles`. */
function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  return name
    .split('.')
    .reduce<unknown>((at, part) => (isRecord(at) && Object.hasOwn(at, part) ? at[part] : undefined), claims);
}

function groupsIn(claims: Claims, name: string): string[] {
  const value = claimAt(claims, name);
  return [value].flat().filter((group): group is string => typeof group === 'string');
}

/**
 * The highest role that a group gives, or the default; null: none, so nobody gets in; undefined: roles are given by
 * admins alone.
 */
export function roleIn(
  claims: Claims,
  settings: Pick<SsoSettings, 'roleClaim' | 'rolesByGroup' | 'defaultRole'>,
): Role | null | undefined {
  if (settings.rolesByGroup.size === 0) return undefined;
  const given = groupsIn(claims, settings.roleClaim).map((group) => settings.rolesByGroup.get(group));
  return roles.findLast((role) => given.includes(role)) ?? settings.defaultRole ?? null;
}

/**
 * Name and e-mail of a person who comes for the first time. The e-mail is how the audit log names them, so the provider
 * has to vouch for it.
 * @throws LinesideError `sso_refused`
 */
export function personIn(claims: Claims): { email: string; name: string } {
  const email = textIn(claims, 'email')?.toLowerCase().slice(0, 200);
  if (!email) throw new LinesideError('sso_refused', 'The identity provider names no e-mail.');
  if (claims.email_verified === false)
    throw new LinesideError('sso_refused', 'The identity provider does not vouch for the e-mail.');
  const name = textIn(claims, 'name') ?? textIn(claims, 'preferred_username') ?? email;
  return { email, name: name.slice(0, 100) };
}
