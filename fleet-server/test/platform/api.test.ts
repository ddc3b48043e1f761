import t from 'tap';
import { declaredRoutes } from '../../src/http/openapi.js';
import { roles } from '../../src/http/route.js';
import { ApiClient } from '../helpers/api-client.js';
import { engines, onEachEngine, until } from '../helpers/engines.js';
import { enrolDevice, makeFrame, TestDevice } from '../helpers/test-device.js';
import { startTestServer } from '../helpers/test-server.js';

const pglite = engines[0]!;
const filled = (url: string) => url.replace(/:\w+/g, 'no-such-thing');

t.test('every declared route is mounted and needs its role', async (t) => {
  const server = await startTestServer(t, pglite);
  const visitor = server.visitor();
  const clients = {
    viewer: await server.signIn('viewer'),
    operator: await server.signIn('operator'),
    engineer: await server.signIn('engineer'),
  };
  for (const { method, url, access } of declaredRoutes) {
    const name = `${method} ${url}`;
    const ask = (client: ApiClient) =>
      client.request(method, `/api/v1${filled(url)}`, method === 'GET' ? undefined : {});
    if (access === 'public') {
      t.not((await ask(visitor)).status, 403, `${name} needs no session`);
      continue;
    }
    t.equal(ApiClient.code(await ask(visitor)), 'unauthenticated', `${name} needs a session`);
    const below = roles[roles.indexOf(access) - 1];
    if (below && below !== 'admin') {
      t.equal(ApiClient.code(await ask(clients[below])), 'role_insufficient', `${name} is not for ${below}`);
    }
  }
});

t.test('the API document is served, and names every route', async (t) => {
  const server = await startTestServer(t, pglite);
  const { body } = await server
    .visitor()
    .get<{ openapi: string; paths: Record<string, object> }>('/openapi.json');
  t.equal(body.openapi, '3.1.0');
  for (const { method, url } of declaredRoutes) {
    const path = `/api/v1${url.replace(/:(\w+)/g, '{$1}')}`;
    t.ok(body.paths[path] && method.toLowerCase() in body.paths[path], `${method} ${path}`);
  }
});

onEachEngine('signing in', async (t, engine) => {
  const server = await startTestServer(t, engine);
  const token = new URL(server.signInUrl ?? '').searchParams.get('token');
  t.equal(
    ApiClient.code(await server.visitor().post('/auth/link', { token })),
    'link_invalid',
    'the link was spent by the first',
  );
  t.match((await server.admin.get('/auth/me')).body, {
    email: 'admin@localhost',
    role: 'admin',
    hasPassword: false,
  });

  t.equal((await server.admin.put('/auth/password', { password: 'short' })).status, 400);
  const password = 'correct horse battery';
  t.equal((await server.admin.put('/auth/password', { password })).status, 200);
  t.equal((await server.admin.get('/auth/me')).status, 200, 'the new session goes on');
  t.equal(
    ApiClient.code(
      await server.admin.put('/auth/password', { password: 'another long one', current: 'wrong' }),
    ),
    'credentials_wrong',
  );

  const visitor = server.visitor();
  for (const credentials of [
    { email: 'admin@localhost', password: 'wrong' },
    { email: 'nobody@localhost', password },
  ]) {
    t.equal(ApiClient.code(await visitor.post('/auth/sign-in', credentials)), 'credentials_wrong');
  }
  const answer = await visitor.post('/auth/sign-in', { email: 'Admin@localhost ', password });
  t.equal(answer.status, 200);
  t.match(answer.headers.get('set-cookie'), /HttpOnly; .*SameSite=Strict|SameSite=Strict.*HttpOnly/i);
  t.notMatch(answer.headers.get('set-cookie'), /Secure/);
  await visitor.post('/auth/sign-out');
  t.equal((await visitor.get('/auth/me')).status, 401);

  await server.close();
  const again = await startTestServer(t, engine, { again: server });
  t.equal(again.signInUrl, null, 'an admin has a password: no link any more');
});

t.test('a request without the header that only the console can send is refused', async (t) => {
  const server = await startTestServer(t, pglite);
  const token = new URL(server.signInUrl ?? '').searchParams.get('token');
  const response = await fetch(`${server.apiUrl}/api/v1/auth/link`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  t.equal(response.status, 403);
  t.match(await response.json(), { error: { code: 'csrf_rejected' } });
});

t.test('too many sign-ins from one address are put off', async (t) => {
  const server = await startTestServer(t, pglite, { config: { signInsPerMinute: 2 } });
  const visitor = server.visitor();
  const codes: (string | undefined)[] = [];
  for (let i = 0; i < 3; i++)
    codes.push(ApiClient.code(await visitor.post('/auth/sign-in', { email: 'a', password: 'b' })));
  t.same(codes, ['credentials_wrong', 'credentials_wrong', 'rate_limited']);
});

onEachEngine('users', async (t, engine) => {
  const server = await startTestServer(t, engine);
  const { body: me } = await server.admin.get<{ id: string }>('/auth/me');
  t.equal(
    ApiClient.code(await server.admin.patch(`/users/${me.id}`, { disabled: true })),
    'conflict',
    'the last admin stays',
  );
  t.equal(ApiClient.code(await server.admin.patch(`/users/${me.id}`, { role: 'viewer' })), 'conflict');

  const operator = await server.signIn('operator');
  const { body } = await operator.get<{ id: string }>('/auth/me');
  t.equal((await server.admin.patch(`/users/${body.id}`, { role: 'viewer' })).status, 200);
  t.match((await operator.get('/auth/me')).body, { role: 'viewer' }, 'a new role holds at once');
  await server.admin.patch(`/users/${body.id}`, { disabled: true });
  t.equal((await operator.get('/auth/me')).status, 401, 'and so does being shut out');
  t.equal(ApiClient.code(await server.admin.patch('/users/nobody', { name: 'x' })), 'not_found');

  const taken = { email: 'ADMIN@localhost', name: 'x', role: 'viewer' };
  t.equal(ApiClient.code(await server.admin.post('/users', taken)), 'conflict');
  const audit = await server.admin.get<{ items: { action: string }[]; nextCursor: string | null }>(
    '/audit?limit=2',
  );
  t.match(audit.body.items[0], { action: 'user.update', actor: 'admin@localhost' });
  t.equal(audit.body.items.length, 2);
  const next = await server.admin.get<{ items: object[] }>(`/audit?limit=2&cursor=${audit.body.nextCursor}`);
  t.notSame(next.body.items, audit.body.items);
  const verified = await server.admin.get<{ intact: boolean; head: string }>('/audit/verification');
  t.equal(verified.body.intact, true);
  const again = await server.admin.get(`/audit/verification?kept=${verified.body.head}`);
  t.match(again.body, { intact: true, keptFound: true });
});

t.test('changes arrive as server-sent events, and the stream ends with the server', async (t) => {
  const server = await startTestServer(t, pglite);
  const { headers } = await server.admin.get('/status');
  t.match(headers.get('content-security-policy'), /default-src 'self'/);
  const device = await TestDevice.connect(await enrolDevice(server));
  t.teardown(() => device.close());
  const response = await server.admin.stream('/events');
  t.equal(response.headers.get('content-type'), 'text/event-stream');
  let text = '';
  const reading = (async () => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
  })();
  await device.send(await makeFrame());
  await until(() => /data: {"type":"frames","deviceId":"[^"]+","count":1}\n\n/.test(text), 'event');
  t.match(text, /data: {"type":"queue"}/);
  await server.close();
  await reading.catch(() => {});
  t.pass('ended');
});

t.test('health, metrics and the console need no session; unknown addresses are not found', async (t) => {
  const server = await startTestServer(t, pglite);
  const visitor = server.visitor();
  t.same((await visitor.request('GET', '/healthz')).body, { status: 'ok' });
  t.same((await visitor.request('GET', '/readyz')).body, { status: 'ready' });
  t.match((await visitor.request('GET', '/metrics')).body, /lineside_devices_connected 0/);
  t.equal((await visitor.request('GET', '/review')).status, 200);
  t.equal((await visitor.request('GET', '/assets/none.js')).status, 404);
  t.equal((await visitor.get('/nothing')).status, 404);
  t.equal((await server.admin.get('/audit?limit=many')).status, 400, 'queries are validated');
});

t.test('a second server cannot open the same folder', async (t) => {
  const server = await startTestServer(t, pglite);
  await t.rejects(startTestServer(t, pglite, { again: server }), { code: 'storage_locked' });
});
