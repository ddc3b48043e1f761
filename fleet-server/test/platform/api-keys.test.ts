import { ApiClient } from '../helpers/api-client.js';
import { onEachEngine } from '../helpers/engines.js';
import { startTestServer, type TestServer } from '../helpers/test-server.js';

type Made = { key: { id: string; state: string; lastUsedAt: string | null }; secret: string };

const make = async (server: TestServer, body: object): Promise<Made> => {
  const answer = await server.admin.post<Made>('/api-keys', {
    name: 'line export',
    role: 'engineer',
    writes: true,
    days: 30,
    ...body,
  });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return answer.body;
};

/** A program: no cookie and none of the headers of the console. */
const program = (server: TestServer, secret: string) => {
  const ask = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${server.apiUrl}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${secret}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const answer = (await response.json()) as { error?: { code: string } };
    return { status: response.status, code: answer.error?.code, answer };
  };
  return {
    get: (path: string) => ask('GET', path),
    post: (path: string, body: object = {}) => ask('POST', path, body),
    patch: (path: string, body: object) => ask('PATCH', path, body),
  };
};

onEachEngine('API keys', async (t, engine) => {
  let aheadMs = 0;
  const server = await startTestServer(t, engine, { now: () => Date.now() + aheadMs });
  const { body: me } = await server.admin.get<{ id: string }>('/auth/me');

  await t.test('a key acts for its owner, and the audit log tells which one', async (t) => {
    const { key, secret } = await make(server, {});
    t.match(key, { state: 'valid', lastUsedAt: null });
    const api = program(server, secret);
    t.match((await api.get('/auth/me')).answer, { email: 'admin@localhost' });
    t.equal((await api.post('/classes', { name: 'Scratch' })).status, 201, 'writes without a CSRF header');
    const { body } = await server.admin.get<{ items: object[] }>('/audit?action=class.create');
    t.match(body.items[0], { actor: 'admin@localhost', detail: { apiKey: key.id } });
    const listed = await server.admin.get<{ items: Made['key'][] }>('/api-keys');
    t.type(listed.body.items[0]?.lastUsedAt, 'string');
    t.notMatch(JSON.stringify(listed.body), secret.slice(4), 'the secret is shown once');
  });

  await t.test('what a key may not do', async (t) => {
    const engineer = program(server, (await make(server, {})).secret);
    t.equal((await engineer.get('/users')).code, 'role_insufficient');
    const reader = program(server, (await make(server, { role: 'admin', writes: false })).secret);
    t.equal((await reader.get('/users')).status, 200);
    t.equal((await reader.post('/classes', { name: 'Dent' })).code, 'scope_insufficient');
    const writer = program(server, (await make(server, { role: 'admin' })).secret);
    const another = { name: 'x', role: 'admin', writes: true, days: 1 };
    t.equal((await writer.post('/api-keys', another)).code, 'scope_insufficient');
    t.equal(
      (await writer.post('/users', { email: 'x@y', name: 'x', role: 'admin' })).code,
      'scope_insufficient',
    );
    t.equal((await writer.patch(`/users/${me.id}`, { name: 'x' })).code, 'scope_insufficient');
  });

  await t.test('keys end: revoked, expired, or with their owner', async (t) => {
    const made = await make(server, {});
    const api = program(server, made.secret);
    t.equal((await api.get('/auth/me')).status, 200);
    const { body } = await server.admin.post<Made['key']>(`/api-keys/${made.key.id}/revoke`);
    t.equal(body.state, 'revoked');
    t.equal((await api.get('/auth/me')).code, 'api_key_invalid');

    const short = program(server, (await make(server, { days: 1 })).secret);
    t.equal((await short.get('/auth/me')).status, 200);
    aheadMs = 86_400_001;
    t.equal((await short.get('/auth/me')).code, 'api_key_invalid');

    const second = await server.signIn('admin');
    const { body: owner } = await second.get<{ id: string }>('/auth/me');
    const theirs = await second.post<Made>('/api-keys', { name: 'a', role: 'admin', writes: true, days: 9 });
    const theirKey = program(server, theirs.body.secret);
    t.equal((await theirKey.get('/users')).status, 200);
    await server.admin.patch(`/users/${owner.id}`, { role: 'operator' });
    t.equal((await theirKey.get('/users')).code, 'role_insufficient', 'never more than the owner');
    await server.admin.patch(`/users/${owner.id}`, { disabled: true });
    t.equal((await theirKey.get('/auth/me')).code, 'api_key_invalid');
    const all = await server.admin.get<{ items: Made['key'][] }>('/api-keys');
    t.equal(all.body.items.find(({ id }) => id === theirs.body.key.id)?.state, 'owner_disabled');
  });

  await t.test('what is not a key', async (t) => {
    t.equal((await program(server, 'lsk_nonsense').get('/auth/me')).code, 'api_key_invalid');
    t.equal(ApiClient.code(await server.admin.post('/api-keys/none/revoke')), 'not_found');
    const engineer = await server.signIn('engineer');
    t.equal(ApiClient.code(await engineer.get('/api-keys')), 'role_insufficient');
    for (const wrong of [{ days: 0 }, { days: 100_000 }, { role: 'king' }, { name: '' }]) {
      const body = { name: 'a', role: 'viewer', writes: false, days: 1, ...wrong };
      t.equal(ApiClient.code(await server.admin.post('/api-keys', body)), 'request_invalid');
    }
  });
});
