import { Secret } from 'otpauth';
import t from 'tap';
import { addressOf, newRecoveryCodes, plainCode, stepOf } from '../../src/features/second-factor/codes.js';
import { makeSealer } from '../../src/trust/sealer.js';
import { ApiClient } from '../helpers/api-client.js';
import { codeAt, stepMs } from '../helpers/authenticator.js';
import { linesideHere as lineside } from '../helpers/command-line.js';
import { onEachEngine } from '../helpers/engines.js';
import { startTestServer, type TestServer } from '../helpers/test-server.js';

const password = 'correct horse battery';
const waitMs = 15 * 60_000;

t.test('codes are those of RFC 6238, for one step around', (t) => {
  // The secret of the appendix of the RFC; its codes have eight digits, of which apps show the last six.
  const secret = new Secret({ buffer: new TextEncoder().encode('12345678901234567890').buffer }).base32;
  for (const [seconds, code] of [
    [59, '287082'],
    [1111111109, '081804'],
    [1111111111, '050471'],
    [1234567890, '005924'],
    [2000000000, '279037'],
    [20000000000, '353130'],
  ] as const) {
    const step = Math.floor(seconds / 30);
    t.equal(stepOf(secret, code, seconds * 1000), step);
    t.equal(stepOf(secret, code, seconds * 1000 + stepMs), step, 'a phone that is late');
    t.equal(stepOf(secret, code, seconds * 1000 - stepMs), step, 'a phone that is early');
    t.equal(stepOf(secret, code, seconds * 1000 + 2 * stepMs), null);
    t.equal(stepOf(secret, code, seconds * 1000 - 2 * stepMs), null);
  }
  t.equal(stepOf(secret, '', 0), null);
  t.equal(stepOf(secret, '0000000', 0), null);
  const address = new URL(addressOf(secret, 'Müller & Söhne@example.com'));
  t.match(address, { protocol: 'otpauth:', host: 'totp' });
  t.equal(address.searchParams.get('secret'), secret);
  const codes = newRecoveryCodes();
  t.equal(new Set(codes).size, 10);
  for (const code of codes) t.match(code, /^([A-Z2-7]{4}-){3}[A-Z2-7]{4}$/);
  t.equal(plainCode(` ${codes[0]?.toLowerCase().replaceAll('-', ' ')}`), codes[0]?.replaceAll('-', ''));
  t.end();
});

t.test('what is sealed opens with the same key, for the same person, unchanged', (t) => {
  const sealer = makeSealer(Buffer.alloc(32, 1));
  const sealed = sealer.seal('secret', 'one');
  t.equal(sealer.open(sealed, 'one'), 'secret');
  t.not(sealer.seal('secret', 'one'), sealed);
  const changed = Buffer.from(sealed.slice(3), 'base64url');
  changed[changed.length - 1]! ^= 1;
  for (const [text, owner] of [
    [sealed, 'two'],
    [`v1.${changed.toString('base64url')}`, 'one'],
    [sealed.replace('v1', 'v2'), 'one'],
    ['v1.', 'one'],
    ['', 'one'],
  ] as const)
    t.throws(() => sealer.open(text, owner), { code: 'secret_unreadable' });
  t.throws(() => makeSealer(Buffer.alloc(32, 2)).open(sealed, 'one'), { code: 'secret_unreadable' });
  t.end();
});

/** A person with a password, signed in. */
async function person(server: TestServer, role: 'operator' | 'admin') {
  const client = await server.signIn(role);
  await client.put('/auth/password', { password });
  const { body } = await client.get<{ id: string; email: string }>('/auth/me');
  return { client, ...body };
}

onEachEngine('a second factor', async (t, engine) => {
  let aheadMs = 0;
  const now = () => Date.now() + aheadMs;
  const server = await startTestServer(t, engine, { now });
  const { client, id, email } = await person(server, 'operator');
  const codeOf = (secret: string, offMs = 0) => codeAt(secret, now() + offMs);
  const signIn = async (code?: string, client = server.visitor()) =>
    Object.assign(await client.post('/auth/sign-in', { email, password, ...(code ? { code } : {}) }), {
      client,
    });
  const codeAnswered = async (code?: string) => ApiClient.code(await signIn(code));
  const turnOn = async (client: ApiClient) => {
    const begun = await client.post<{ secret: string; address: string }>('/auth/second-factor/secret', {
      password,
    });
    const { secret } = begun.body;
    const code = codeOf(secret);
    const confirmed = await client.post<{ recoveryCodes: string[] }>('/auth/second-factor', { code });
    return { secret, code, address: begun.body.address, ...confirmed.body };
  };
  let secret = '';
  let spent = '';
  let recoveryCodes: string[] = [];

  await t.test('is turned on with the password and a code, and other sessions end', async (t) => {
    const other = await signIn();
    t.equal(other.status, 200);
    t.equal(
      ApiClient.code(await client.post('/auth/second-factor/secret', { password: 'wrong' })),
      'credentials_wrong',
    );
    t.equal(ApiClient.code(await client.post('/auth/second-factor', { code: '000000' })), 'conflict');
    const begun = await client.post<{ secret: string }>('/auth/second-factor/secret', { password });
    t.match((await client.get('/auth/me')).body, { secondFactor: 'off' }, 'not before it is confirmed');
    t.equal(await codeAnswered(), undefined);
    const wrong = codeOf(begun.body.secret, 10 * stepMs);
    t.equal(ApiClient.code(await client.post('/auth/second-factor', { code: wrong })), 'second_factor_wrong');

    ({ secret, recoveryCodes, code: spent } = await turnOn(client));
    t.not(secret, begun.body.secret);
    t.equal(recoveryCodes.length, 10);
    t.match((await client.get('/auth/me')).body, { secondFactor: 'on' });
    t.match((await client.get('/auth/second-factor')).body, { recoveryCodesLeft: 10, needed: false });
    t.equal((await other.client.get('/auth/me')).status, 401);
    t.equal(
      ApiClient.code(await client.post('/auth/second-factor/secret', { password })),
      'conflict',
      'a second phone does not take the place of the first without its code',
    );
    const { body } = await server.admin.get<{ items: { id: string }[] }>('/users');
    t.match(
      body.items.find((user) => user.id === id),
      { secondFactor: true },
    );
  });

  await t.test('is asked for after the password only, and a code signs in once', async (t) => {
    t.equal(await codeAnswered(), 'second_factor_required');
    const guess = { email, password: 'wrong', code: '123456' };
    t.equal(ApiClient.code(await server.visitor().post('/auth/sign-in', guess)), 'credentials_wrong');
    t.equal(await codeAnswered(spent), 'second_factor_wrong', 'spent when it was confirmed');
    aheadMs += stepMs;
    const code = codeOf(secret);
    const both = await Promise.all([codeAnswered(code), codeAnswered(code)]);
    t.same(both.sort(), ['second_factor_wrong', undefined].sort(), 'of two at once one gets in');
    t.equal(await codeAnswered(codeOf(secret, -stepMs)), 'second_factor_wrong', 'nor does an earlier one');
    aheadMs += stepMs;
    t.equal(await codeAnswered(codeOf(secret, stepMs)), undefined, 'a clock that is ahead by a step');
    const log = await server.admin.get<{ items: object[] }>(`/audit?action=user.sign-in&subject=${id}`);
    t.match(log.body.items[0], { actor: email, detail: { how: 'password', secondFactor: 'code' } });
    const refused = await server.admin.get<{ items: object[] }>('/audit?action=user.second-factor-refused');
    t.match(refused.body.items[0], { actor: email, subject: id });
  });

  await t.test('a recovery code signs in once, however it is written', async (t) => {
    const [first = '', second = ''] = recoveryCodes;
    t.equal(await codeAnswered(first.toLowerCase().replaceAll('-', ' ')), undefined);
    t.equal(await codeAnswered(first), 'second_factor_wrong');
    t.match((await client.get('/auth/second-factor')).body, { recoveryCodesLeft: 9 });
    const asked = { password, code: second };
    const renewed = await client.post<{ recoveryCodes: string[] }>(
      '/auth/second-factor/recovery-codes',
      asked,
    );
    t.equal(renewed.body.recoveryCodes.length, 10);
    t.equal(await codeAnswered(recoveryCodes[2]), 'second_factor_wrong', 'old ones are worth nothing');
    ({ recoveryCodes } = renewed.body);
  });

  await t.test('after five wrong codes even the right one has to wait', async (t) => {
    aheadMs += waitMs + stepMs;
    for (let tries = 0; tries < 5; tries++) t.equal(await codeAnswered('000000'), 'second_factor_wrong');
    t.equal(await codeAnswered(codeOf(secret)), 'rate_limited');
    t.equal(await codeAnswered(recoveryCodes[0]), 'rate_limited');
    t.equal((await client.get('/auth/me')).status, 200, 'who is signed in goes on');
    aheadMs += waitMs + 1_000;
    t.equal(await codeAnswered(codeOf(secret)), undefined);
  });

  await t.test('is turned off with password and code', async (t) => {
    aheadMs += stepMs;
    const off = (body: object) => client.post('/auth/second-factor/off', body);
    t.equal(ApiClient.code(await off({ password: 'wrong', code: codeOf(secret) })), 'credentials_wrong');
    t.equal(ApiClient.code(await off({ password, code: '000000' })), 'second_factor_wrong');
    t.match((await off({ password, code: codeOf(secret) })).body, { secondFactor: 'off' });
    t.equal(await codeAnswered(), undefined);
    t.equal(ApiClient.code(await off({ password, code: codeOf(secret) })), 'conflict');
  });

  await t.test('is reset by an admin for someone else, which ends their sessions', async (t) => {
    aheadMs += stepMs;
    await turnOn(client);
    t.equal(ApiClient.code(await client.post(`/users/${id}/reset-second-factor`)), 'role_insufficient');
    t.equal((await server.admin.post(`/users/${id}/reset-second-factor`)).status, 200);
    t.equal((await client.get('/auth/me')).status, 401);
    t.equal(await codeAnswered(), undefined);
    t.equal(ApiClient.code(await server.admin.post(`/users/${id}/reset-second-factor`)), 'conflict');
    t.equal(ApiClient.code(await server.admin.post('/users/nobody/reset-second-factor')), 'not_found');
    const { body: me } = await server.admin.get<{ id: string }>('/auth/me');
    t.equal(ApiClient.code(await server.admin.post(`/users/${me.id}/reset-second-factor`)), 'conflict');
    const log = await server.admin.get<{ items: object[] }>(`/audit?subject=${id}&limit=3`);
    t.match(log.body.items[1], { action: 'user.second-factor-reset', actor: 'admin@localhost' });
  });

  await t.test('where the role needs one, nothing else is open before it is on', async (t) => {
    const rules = { secondFactorFor: ['operator', 'admin'] };
    t.equal((await server.admin.put('/sign-in-rules', rules)).status, 200);
    t.equal((await server.admin.get('/status')).status, 200, 'whoever is signed in goes on');
    const { client, status, body } = await signIn();
    t.equal(status, 200);
    t.match(body, { secondFactor: 'due' });
    t.equal(ApiClient.code(await client.get('/devices')), 'second_factor_due');
    t.equal(ApiClient.code(await client.stream('/events').then(asAnswer)), 'second_factor_due');
    t.match((await client.get('/auth/me')).body, { secondFactor: 'due' });
    aheadMs += stepMs;
    const on = await turnOn(client);
    t.equal((await client.get('/devices')).status, 200);
    const proof = { password, code: on.recoveryCodes[0] };
    t.equal(ApiClient.code(await client.post('/auth/second-factor/off', proof)), 'conflict');
    const invited = await server.signIn('operator');
    t.match((await invited.get('/auth/me')).body, { secondFactor: 'due', hasPassword: false });
    t.equal(ApiClient.code(await invited.post('/auth/second-factor/secret', { password })), 'conflict');
    t.match((await invited.put('/auth/password', { password })).body, { secondFactor: 'due' });
    t.equal((await invited.post('/auth/second-factor/secret', { password })).status, 200);
    t.same((await server.admin.get('/sign-in-rules')).body, rules);
    const log = await server.admin.get<{ items: object[] }>('/audit?action=sign-in.set-rules');
    t.match(log.body.items, [{ actor: 'admin@localhost', detail: rules }]);
  });

  await t.test('no secret is in the database as it is, nor in the audit log', async (t) => {
    const { db } = server.services.database;
    const kept = JSON.stringify([
      await db.query.secondFactors.findMany(),
      await db.query.recoveryCodes.findMany(),
      await db.query.auditLog.findMany(),
    ]);
    t.notMatch(kept, secret);
    for (const code of recoveryCodes) t.notOk(kept.includes(code) || kept.includes(plainCode(code)));
  });
});

onEachEngine('on the command line', async (t, engine) => {
  const server = await startTestServer(t, engine);
  const { client, email, id } = await person(server, 'admin');
  const begun = await client.post<{ secret: string }>('/auth/second-factor/secret', { password });
  const code = codeAt(begun.body.secret, Date.now());
  const { body } = await client.post<{ recoveryCodes: string[] }>('/auth/second-factor', { code });
  const asPerson = (...args: string[]) =>
    lineside(['people', 'list', '--server', server.apiUrl, '--email', email, ...args], {
      LINESIDE_PASSWORD: password,
    });
  t.match(await asPerson(), { code: 3, said: /second_factor_required/ });
  const listed = await asPerson('--code', body.recoveryCodes[0] ?? '');
  t.match(listed, { code: 0, out: new RegExp(`${email} .* admin +on +enabled`) });

  const rescue = (who: string) =>
    lineside(['people', 'rescue', who, '--data', server.dataDir, '--json'], {
      ...(server.config.databaseUrl ? { DATABASE_URL: server.config.databaseUrl } : {}),
    });
  t.match(await rescue(email), { code: 1, said: /storage_locked/ }, 'not while the server runs');
  await server.close();
  t.match(await rescue('nobody@example.com'), { code: 1, said: /not_found/ });
  const rescued = JSON.parse((await rescue(email)).out) as { password: string };
  const again = await startTestServer(t, engine, { again: server });
  t.equal((await again.visitor().post('/auth/sign-in', { email, password })).status, 401);
  const visitor = again.visitor();
  const answer = await visitor.post('/auth/sign-in', { email, password: rescued.password });
  t.match(answer, { status: 200, body: { secondFactor: 'off' } });
  const log = await visitor.get<{ items: object[] }>(`/audit?action=user.rescue&subject=${id}`);
  t.match(log.body.items, [{ actor: 'command line' }]);
});

const asAnswer = async (response: Response) => ({
  status: response.status,
  body: await response.json(),
  headers: response.headers,
});
