import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { loadConfig, makeConfig } from '../../src/config.js';
import { personIn, roleIn } from '../../src/features/sso/claims.js';
import { ssoSettings } from '../../src/features/sso/settings.js';
import { ApiClient } from '../helpers/api-client.js';
import { type Engine, onEachEngine, temporaryFolder } from '../helpers/engines.js';
import { client, startIdentityProvider, type TestProvider } from '../helpers/identity-provider.js';
import { startTestServer, type TestServer, type TestServerOptions } from '../helpers/test-server.js';

type Test = typeof t;
type Config = NonNullable<TestServerOptions['config']>;
const password = 'correct horse battery';

const settings = {
  roleClaim: 'groups',
  rolesByGroup: new Map([
    ['staff', 'viewer'],
    ['line', 'operator'],
    ['CN=boss,OU=it', 'admin'],
  ] as const),
  defaultRole: undefined,
};

t.test('roles come from the groups, the highest of them', (t) => {
  t.equal(roleIn({ groups: ['staff', 'line', 'other'] }, settings), 'operator');
  t.equal(roleIn({ groups: 'CN=boss,OU=it' }, settings), 'admin', 'one group as text');
  t.equal(roleIn({ groups: ['other'] }, settings), null);
  t.equal(roleIn({}, settings), null);
  t.equal(roleIn({ groups: [1, null, {}] }, settings), null);
  t.equal(roleIn({ groups: ['other'] }, { ...settings, defaultRole: 'viewer' }), 'viewer');
  t.equal(roleIn({ groups: ['line'] }, { ...settings, rolesByGroup: new Map() }), undefined);
  const nested = { realm_access: { roles: ['line'] }, 'https://example.com/groups': ['staff'] };
  t.equal(roleIn(nested, { ...settings, roleClaim: 'realm_access.roles' }), 'operator');
  t.equal(roleIn(nested, { ...settings, roleClaim: 'https://example.com/groups' }), 'viewer');
  t.equal(roleIn({ groups: ['toString'] }, { ...settings, roleClaim: 'constructor.name' }), null);
  t.end();
});

t.test('a person has an e-mail that the provider vouches for', (t) => {
  t.same(personIn({ email: 'Ann@Example.com', name: 'Ann' }), { email: 'ann@example.com', name: 'Ann' });
  t.match(personIn({ email: 'a@b.c', preferred_username: 'ann' }), { name: 'ann' });
  t.match(personIn({ email: 'a@b.c' }), { name: 'a@b.c' });
  t.throws(() => personIn({ name: 'Ann' }), { code: 'sso_refused' });
  t.throws(() => personIn({ email: 'a@b.c', email_verified: false }), { code: 'sso_refused' });
  t.end();
});

t.test('settings', async (t) => {
  const some = { oidcIssuer: 'https://id.example.com', oidcClientId: 'x' };
  const read = (more: object) => ssoSettings(makeConfig({ ...some, ...more }));
  t.equal(await ssoSettings(makeConfig({})), null);
  for (const wrong of [
    { oidcClientId: undefined },
    { oidcIssuer: 'http://id.example.com' },
    { oidcIssuer: 'nonsense' },
    { publicUrl: 'http://fleet.example.com' },
    { oidcRoles: ['king=staff'] },
    { oidcRoles: ['admin'] },
    { oidcPeople: 'anyone' },
    { oidcIssuer: undefined, oidcClientId: undefined, passwordOnlyFor: ['a@b.c'] },
  ])
    await t.rejects(read(wrong), { code: 'config_invalid' }, JSON.stringify(wrong));
  t.throws(() => makeConfig({ ...some, oidcScopes: 'profile' }), { code: 'config_invalid' });
  const file = join(await temporaryFolder(t), 'secret');
  await writeFile(file, 'in a file\n');
  const env = {
    LINESIDE_OIDC_ISSUER: some.oidcIssuer,
    LINESIDE_OIDC_CLIENT_ID: 'x',
    LINESIDE_OIDC_CLIENT_SECRET_FILE: file,
    LINESIDE_OIDC_ROLES: 'admin=it, viewer=a=b',
  };
  const found = await ssoSettings(loadConfig([], env));
  t.match(found, { clientSecret: 'in a file', people: 'invited', label: 'Single sign-on' });
  t.same(
    [...(found?.rolesByGroup ?? [])],
    [
      ['it', 'admin'],
      ['a=b', 'viewer'],
    ],
  );
});

/** A server and a provider that know each other. */
async function start(t: Test, engine: Engine, config: Config, now?: () => number) {
  const idp = await startIdentityProvider(t);
  const server = await startTestServer(t, engine, {
    config: { oidcIssuer: idp.issuer, oidcClientId: client.id, oidcClientSecret: client.secret, ...config },
    ...(now ? { now } : {}),
  });
  idp.serve(server.apiUrl);
  return { idp, server };
}

const cookiesOf = (response: Response) =>
  response.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');

/** A browser that follows redirects, with the cookies of each site. */
async function follow(
  address: string,
  jars: Map<string, Map<string, string>>,
  until: string,
): Promise<Response> {
  let url = new URL(address);
  for (let hops = 0; hops < 12; hops++) {
    const jar = jars.get(url.origin) ?? new Map<string, string>();
    jars.set(url.origin, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const pair of cookiesOf(response)) {
      const at = pair.indexOf('=');
      jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    const location = response.headers.get('location');
    if (!location) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
    if (url.href.startsWith(until)) return response;
    url = new URL(location, url);
  }
  throw new Error('too many redirects');
}

/** All the way to the provider and back. */
async function travel(
  server: TestServer,
  idp: TestProvider,
  as: string | null,
  body: object = {},
  by = server.visitor(),
) {
  idp.signsIn = as;
  const started = await by.post<{ url: string }>('/auth/sso/start', body);
  if (started.status !== 200) return { client: by, to: '', code: ApiClient.code(started), url: '' };
  const journey = cookiesOf(new Response(null, { headers: started.headers }))[0] ?? '';
  const name = journey.slice(0, journey.indexOf('='));
  const jars = new Map([[server.apiUrl, new Map([[name, journey.slice(name.length + 1)]])]]);
  const callback = `${server.apiUrl}/api/v1/auth/sso/callback`;
  const response = await follow(started.body.url, jars, callback);
  const to = response.headers.get('location') ?? '';
  const session = cookiesOf(response).find((pair) => pair.startsWith('lineside_session='));
  const headers = { cookie: session ?? '' };
  const asked = (path: string) =>
    fetch(`${server.apiUrl}/api/v1${path}`, { headers }).then(async (answer) => ({
      status: answer.status,
      body: (await answer.json()) as Record<string, unknown>,
    }));
  const code = new URL(to, server.apiUrl).searchParams.get('problem') ?? undefined;
  return { to, code, asked, response, journey, session, url: started.body.url };
}

const lastAudit = async (admin: ApiClient, action: string) =>
  (
    await admin.get<{ items: { actor: string; detail: Record<string, unknown> }[] }>(
      `/audit?action=${action}`,
    )
  ).body.items[0];

onEachEngine('single sign-on of people who were invited', async (t, engine) => {
  let aheadMs = 0;
  const { idp, server } = await start(
    t as Test,
    engine,
    { oidcLabel: 'Works ID' },
    () => Date.now() + aheadMs,
  );
  const { admin } = server;
  idp.accounts.set('s-ann', { email: 'ann@example.com', email_verified: true, name: 'Ann' });
  idp.accounts.set('s-eve', { email: 'ann@example.com', email_verified: true, name: 'Eve' });
  const invite = async (email: string) => {
    const { body } = await admin.post<{ user: { id: string }; signInPath: string }>('/users', {
      ...{ email, name: email, role: 'engineer' },
    });
    return {
      id: body.user.id,
      token: new URL(body.signInPath, server.apiUrl).searchParams.get('token') ?? '',
    };
  };

  await t.test('the console learns how people sign in', async (t) => {
    t.same((await server.visitor().get('/auth/ways')).body, { sso: { label: 'Works ID' }, passwords: true });
  });

  await t.test('an e-mail alone opens nothing; the one-time link does, once', async (t) => {
    const { id, token } = await invite('ann@example.com');
    const uninvited = await travel(server, idp, 's-eve');
    t.equal(uninvited.code, 'sso_not_invited');
    t.equal(uninvited.session, undefined);
    t.match(await lastAudit(admin, 'user.sso-refused'), { detail: { code: 'sso_not_invited' } });

    const first = await travel(server, idp, 's-ann', { token, next: '/dataset' });
    t.equal(first.to, '/dataset');
    t.match((await first.asked?.('/auth/me'))?.body, { id, role: 'engineer', sso: true, hasPassword: false });
    t.equal((await travel(server, idp, 's-eve', { token })).code, 'link_invalid', 'spent');
    const again = await travel(server, idp, 's-ann');
    t.match((await again.asked?.('/auth/me'))?.body, { id }, 'known by issuer and subject');
    t.match(await lastAudit(admin, 'user.sign-in'), {
      actor: 'ann@example.com',
      detail: { how: 'single sign-on' },
    });
    t.match(await lastAudit(admin, 'user.sso-link'), { detail: { issuer: `${idp.issuer}/`, sub: 's-ann' } });

    idp.accounts.set('s-ann', { email: 'eve@example.com', name: 'Ann', groups: ['admins'] });
    const renamed = await travel(server, idp, 's-ann');
    t.match((await renamed.asked?.('/auth/me'))?.body, { id, email: 'ann@example.com', role: 'engineer' });
    const set = await fetch(`${server.apiUrl}/api/v1/auth/password`, {
      method: 'PUT',
      headers: {
        ...{ 'content-type': 'application/json', 'x-lineside-csrf': '1', cookie: again.session ?? '' },
      },
      body: JSON.stringify({ password }),
    });
    t.equal(set.status, 409, 'no password that would go past the provider');
  });

  await t.test(
    'cookies: the journey is lax and short, the session strict, neither for scripts',
    async (t) => {
      const { response, to } = await travel(server, idp, 's-ann');
      const lines = response?.headers.getSetCookie() ?? [];
      t.match(
        lines.find((line) => line.startsWith('lineside_session=')),
        /HttpOnly.*SameSite=Strict/i,
      );
      t.match(
        lines.find((line) => line.startsWith('lineside_sso=')),
        /lineside_sso=;.*Expires=Thu, 01 Jan 1970/i,
      );
      t.equal(to, '/');
      const started = await server.visitor().post('/auth/sso/start', {});
      t.match(
        started.headers.get('set-cookie'),
        /Max-Age=600.*Path=\/api\/v1\/auth\/sso\/callback.*HttpOnly.*SameSite=Lax/i,
      );
    },
  );

  await t.test('the way there has PKCE, state and nonce, and no secret', async (t) => {
    const { url } = await travel(server, idp, 's-ann');
    const query = new URL(url).searchParams;
    t.equal(query.get('code_challenge_method'), 'S256');
    for (const name of ['code_challenge', 'state', 'nonce']) t.match(query.get(name), /^[\w-]{43}$/);
    t.notMatch(url, /secret/);
  });

  await t.test('someone signed in links their identity, which nobody else can take', async (t) => {
    const bob = await server.signIn('operator');
    const taken = await travel(server, idp, 's-ann', { link: true }, bob);
    t.equal(taken.code, 'sso_already_linked');
    idp.accounts.set('s-bob', { email: 'bob@example.com' });
    const linked = await travel(server, idp, 's-bob', { link: true, next: '/people' }, bob);
    t.equal(linked.to, '/people');
    t.match((await bob.get('/auth/me')).body, { sso: true, role: 'operator' }, 'and stays signed in');
    t.equal((await travel(server, idp, 's-bob')).code, undefined);
    t.equal((await travel(server, idp, 's-bob', { link: true })).code, 'unauthenticated');
    const { body: me } = await bob.get<{ id: string }>('/auth/me');
    t.equal((await admin.post(`/users/${me.id}/unlink-sso`)).status, 200);
    t.equal((await bob.get('/auth/me')).status, 401);
    t.equal((await travel(server, idp, 's-bob')).code, 'sso_not_invited');
    t.equal(ApiClient.code(await admin.post(`/users/${me.id}/unlink-sso`)), 'conflict');
  });

  await t.test('refused by the provider, or disabled here', async (t) => {
    t.equal((await travel(server, idp, null)).code, 'sso_refused');
    t.match(await lastAudit(admin, 'user.sso-refused'), { detail: { message: /access_denied/ } });
    const { body } = await admin.get<{ items: { id: string; email: string; sso: boolean }[] }>('/users');
    const ann = body.items.find(({ email }) => email === 'ann@example.com');
    t.equal(ann?.sso, true);
    await admin.patch(`/users/${ann?.id}`, { disabled: true });
    t.equal((await travel(server, idp, 's-ann')).code, 'sso_refused');
    await admin.patch(`/users/${ann?.id}`, { disabled: false });
  });

  await t.test('a journey that is late, foreign, or replayed ends at the sign-in page', async (t) => {
    const callback = `${server.apiUrl}/api/v1/auth/sso/callback`;
    const end = async (query: string, cookie = '') =>
      (await fetch(`${callback}?${query}`, { redirect: 'manual', headers: { cookie } })).headers.get(
        'location',
      );
    t.equal(await end('code=x&state=y'), '/sign-in?problem=sso_expired');
    t.equal(await end('code=x&state=y', 'lineside_sso=nonsense'), '/sign-in?problem=sso_expired');
    const { journey = '' } = await travel(server, idp, 's-ann');
    t.equal(
      await end('code=x&state=y', journey),
      '/sign-in?problem=sso_failed',
      'the state of another journey',
    );
    const state = new URL((await travel(server, idp, 's-ann')).url).searchParams.get('state');
    t.equal(await end(`code=x&state=${state}`, journey), '/sign-in?problem=sso_failed');
    aheadMs = 11 * 60_000;
    t.equal(await end('code=x&state=y', journey), '/sign-in?problem=sso_expired');
    aheadMs = 0;
    for (const next of ['//evil.example', 'https://evil.example', '/\\evil.example'])
      t.equal((await travel(server, idp, 's-ann', { next })).code, 'request_invalid');
  });

  await t.test('a provider that fails while the person is on the way', async (t) => {
    idp.instead = (request, response) => {
      if (!request.url?.startsWith('/token')) return false;
      response.writeHead(503).end();
      return true;
    };
    t.equal((await travel(server, idp, 's-ann')).code, 'sso_unreachable');
    idp.instead = (request, response) => {
      if (!request.url?.startsWith('/token')) return false;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ access_token: 'x', token_type: 'bearer', id_token: 'a.b.c' }));
      return true;
    };
    const forged = await travel(server, idp, 's-ann');
    t.equal(forged.code, 'sso_failed');
    t.equal(forged.session, undefined);
    idp.instead = null;
    t.equal((await travel(server, idp, 's-ann')).code, undefined);
  });

  await t.test(
    'a session of single sign-on lasts twelve hours, and owes no second factor here',
    async (t) => {
      await admin.put('/sign-in-rules', { secondFactorFor: ['engineer'] });
      const { asked } = await travel(server, idp, 's-ann');
      t.equal((await asked?.('/devices'))?.status, 200);
      aheadMs = 12 * 3_600_000 + 1_000;
      t.equal((await asked?.('/devices'))?.status, 401);
    },
  );
});

onEachEngine('single sign-on of anyone, with roles by group', async (t, engine) => {
  const { idp, server } = await start(t as Test, engine, {
    oidcPeople: 'anyone',
    oidcScopes: 'openid profile email groups',
    oidcRoles: ['viewer=staff', 'engineer=vision', 'admin=it'],
    passwordOnlyFor: ['Admin@localhost'],
  });
  const { admin } = server;
  idp.accounts.set('1', { email: 'one@example.com', name: 'One', groups: ['staff', 'vision'] });
  const one = await travel(server, idp, '1');
  const me = (await one.asked?.('/auth/me'))?.body ?? {};
  t.match(me, { email: 'one@example.com', name: 'One', role: 'engineer' });
  t.match(await lastAudit(admin, 'user.create'), { actor: 'one@example.com', detail: { role: 'engineer' } });

  idp.accounts.set('1', { email: 'one@example.com', groups: ['staff'] });
  const lower = await travel(server, idp, '1');
  t.match(
    (await lower.asked?.('/auth/me'))?.body,
    { id: me.id, role: 'viewer' },
    'groups are looked at each time',
  );
  t.match((await one.asked?.('/auth/me'))?.body, { role: 'viewer' }, 'also for the session before');
  t.match(await lastAudit(admin, 'user.update'), { detail: { role: 'viewer', by: 'single sign-on' } });
  idp.accounts.set('1', { email: 'one@example.com', groups: [] });
  t.equal((await travel(server, idp, '1')).code, 'sso_refused', 'without a group nobody comes in');

  idp.accounts.set('2', { email: 'Admin@localhost', groups: ['it'] });
  t.equal((await travel(server, idp, '2')).code, 'sso_email_taken', 'nor as somebody else');
  idp.accounts.set('3', { groups: ['staff'] });
  t.equal((await travel(server, idp, '3')).code, 'sso_refused', 'nor without a name');

  const linked = await travel(server, idp, '3', { link: true }, admin);
  t.equal(linked.code, undefined);
  t.match((await admin.get('/auth/me')).body, { role: 'admin' }, 'the last admin stays one');

  t.match((await server.visitor().get('/auth/ways')).body, { passwords: false });
  t.equal((await admin.put('/auth/password', { password })).status, 409);
  await admin.post(`/users/${(await admin.get<{ id: string }>('/auth/me')).body.id}/unlink-sso`);
  t.equal((await admin.put('/auth/password', { password })).status, 200);
  const credentials = { email: 'admin@localhost', password };
  t.equal((await server.visitor().post('/auth/sign-in', credentials)).status, 200, 'the one for emergencies');
  const { body } = await admin.post<{ signInPath: string }>('/users', {
    ...{ email: 'two@example.com', name: 'Two', role: 'viewer' },
  });
  const token = new URL(body.signInPath, server.apiUrl).searchParams.get('token');
  t.equal(ApiClient.code(await server.visitor().post('/auth/link', { token })), 'password_sign_in_off');
  idp.accounts.set('4', { email: 'four@example.com', groups: ['staff'] });
  const four = await travel(server, idp, '4', { token });
  t.match((await four.asked?.('/auth/me'))?.body, { email: 'two@example.com' }, 'the link still serves here');
});

t.test('a provider that does not answer, and none at all', async (t) => {
  const engine = (await import('../helpers/engines.js')).engines[0]!;
  const { idp, server } = await start(t as Test, engine, {});
  idp.instead = (_request, response) => {
    response.destroy();
    return true;
  };
  t.equal((await travel(server, idp, 'x')).code, 'sso_unreachable');
  idp.instead = null;
  idp.accounts.set('x', {});
  t.equal((await travel(server, idp, 'x')).code, 'sso_not_invited', 'it is asked again');
  const plain = await startTestServer(t as Test, engine);
  t.same((await plain.visitor().get('/auth/ways')).body, { sso: null, passwords: true });
  t.equal(ApiClient.code(await plain.visitor().post('/auth/sso/start', {})), 'not_found');
});
