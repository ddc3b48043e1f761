import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { decodeMessage, EnrolRequest, EnrolResponse, encodeMessage } from '@lineside/shared';
import t from 'tap';
import { ensureIdentity } from '../../src/enrol/ensure-identity.js';
import { folderOf } from '../helpers/folder.js';
import { createTestAuthority, type Leaf, type TestAuthority } from './test-authority.js';

const hardware = { arch: 'x64', model: 'test box' };
const backoff = { minMs: 5, maxMs: 20 };

type Answer = { status: number; body: unknown } | 'cut';

interface EnrolServer {
  url: string;
  requests: EnrolRequest[];
  close(): Promise<void>;
}

async function startServer(
  authority: TestAuthority,
  answer: (request: EnrolRequest, count: number) => Promise<Answer>,
  certificate?: Leaf,
): Promise<EnrolServer> {
  const leaf = certificate ?? (await authority.server());
  const requests: EnrolRequest[] = [];
  const server: Server = createServer(
    { key: leaf.keyPem, cert: leaf.certificatePem + authority.caPem },
    async (request, reply) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = decodeMessage(EnrolRequest, Buffer.concat(chunks));
      requests.push(body);
      const result = await answer(body, requests.length);
      if (result === 'cut') return reply.destroy();
      return reply
        .writeHead(result.status, { 'content-type': 'application/json' })
        .end(JSON.stringify(result.body));
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const grant = async (authority: TestAuthority, request: EnrolRequest): Promise<Answer> => ({
  status: 200,
  body: JSON.parse(
    Buffer.from(
      encodeMessage(EnrolResponse, {
        v: 1,
        deviceId: 'cam-1',
        certificatePem: await authority.sign(request.csrPem, 'cam-1'),
        caPem: authority.caPem,
        mqttUrl: 'mqtts://127.0.0.1:8883',
        artifactsUrl: 'https://127.0.0.1:8443',
        tufRoot: '{}',
      }),
    ).toString(),
  ),
});

const secret = 'c2VjcmV0LXNlY3JldC1zZWNyZXQ';

t.test('a claim token becomes an identity that lasts', async (t) => {
  const authority = await createTestAuthority();
  const server = await startServer(authority, (request) => grant(authority, request));
  t.teardown(() => server.close());
  const stateDir = folderOf(t);
  const claimToken = `${secret}.${authority.fingerprint}`;
  const identity = await ensureIdentity({ stateDir, enrolUrl: server.url, claimToken, hardware });
  t.equal(identity.deviceId, 'cam-1');
  t.equal(server.requests[0]?.claimToken, claimToken);
  t.strictSame(server.requests[0]?.hardware, hardware);

  const folder = join(stateDir, 'identity');
  t.strictSame(await readdir(folder), ['identity.json'], 'the request is deleted');
  t.equal((await stat(join(folder, 'identity.json'))).mode & 0o777, 0o600);
  t.notMatch(JSON.stringify(server.requests), identity.keyPem.slice(30, 80), 'the key stays on the device');

  const again = await ensureIdentity({ stateDir, hardware });
  t.strictSame(again, identity, 'no server and no token are needed again');
  t.equal(server.requests.length, 1);
});

t.test('a lost answer is asked for again with the same request, also after a restart', async (t) => {
  const authority = await createTestAuthority();
  let cut = true;
  const server = await startServer(authority, (request) =>
    cut ? Promise.resolve('cut' as const) : grant(authority, request),
  );
  t.teardown(() => server.close());
  const stateDir = folderOf(t);
  const options = {
    stateDir,
    enrolUrl: server.url,
    claimToken: `${secret}.${authority.fingerprint}`,
    hardware,
    backoff,
  };
  const stop = new AbortController();
  const interrupted = ensureIdentity({ ...options, signal: stop.signal });
  interrupted.catch(() => undefined);
  while (server.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  stop.abort();
  await t.rejects(interrupted);
  cut = false;
  const identity = await ensureIdentity(options);
  t.equal(identity.deviceId, 'cam-1');
  t.equal(new Set(server.requests.map(({ csrPem }) => csrPem)).size, 1, 'one and the same request');
});

t.test('a busy server is waited for, a refusal is final', async (t) => {
  const authority = await createTestAuthority();
  const server = await startServer(authority, async (request, count) =>
    count < 3 ? { status: 503, body: { error: { code: 'unavailable' } } } : grant(authority, request),
  );
  t.teardown(() => server.close());
  const claimToken = `${secret}.${authority.fingerprint}`;
  await ensureIdentity({ stateDir: folderOf(t), enrolUrl: server.url, claimToken, hardware, backoff });
  t.equal(server.requests.length, 3);

  const refusing = await startServer(authority, async () => ({
    status: 401,
    body: { error: { code: 'claim_token_invalid' } },
  }));
  t.teardown(() => refusing.close());
  const refused = ensureIdentity({
    stateDir: folderOf(t),
    enrolUrl: refusing.url,
    claimToken,
    hardware,
    backoff,
  });
  await t.rejects(refused, { code: 'claim_token_invalid' });
  t.equal(refusing.requests.length, 1);
});

t.test('a clock that does not accept the certificate is told as such, and waited for', async (t) => {
  const authority = await createTestAuthority();
  const early = await authority.server(3_600_000, 7_200_000);
  const server = await startServer(authority, (request) => grant(authority, request), early);
  t.teardown(() => server.close());
  const claimToken = `${secret}.${authority.fingerprint}`;
  const stop = new AbortController();
  const codes: unknown[] = [];
  const note = (fields: object) => {
    codes.push((fields as { code?: unknown }).code);
    if (codes.length === 3) stop.abort();
  };
  const log = { warn: note, debug: note, info() {}, error() {} };
  const signal = stop.signal;
  const stateDir = folderOf(t);
  const attempt = ensureIdentity({
    stateDir,
    enrolUrl: server.url,
    claimToken,
    hardware,
    backoff,
    log,
    signal,
  });
  await t.rejects(attempt, { name: 'AbortError' });
  t.strictSame(codes, ['clock_wrong', 'clock_wrong', 'clock_wrong']);
  t.equal(server.requests.length, 0, 'the token is not spent');
});

t.test('the secret is never sent to a server of another authority', async (t) => {
  const authority = await createTestAuthority();
  const impostor = await createTestAuthority('Impostor');
  const server = await startServer(impostor, (request) => grant(impostor, request));
  t.teardown(() => server.close());
  const claimToken = `${secret}.${authority.fingerprint}`;
  const attempt = ensureIdentity({ stateDir: folderOf(t), enrolUrl: server.url, claimToken, hardware });
  await t.rejects(attempt, { code: 'server_untrusted' });
  t.equal(server.requests.length, 0);
});

t.test('nor to one that merely shows the right authority beside a certificate of its own', async (t) => {
  const authority = await createTestAuthority();
  const impostor = await createTestAuthority('Test fleet');
  const leaf = await impostor.server();
  let requests = 0;
  const server = createServer(
    { key: leaf.keyPem, cert: leaf.certificatePem + authority.caPem },
    (_request, reply) => {
      requests++;
      reply.end();
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const stop = new AbortController();
  const attempt = ensureIdentity({
    stateDir: folderOf(t),
    enrolUrl: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    claimToken: `${secret}.${authority.fingerprint}`,
    hardware,
    backoff,
    signal: stop.signal,
    log: {
      debug() {},
      info() {},
      error() {},
      warn: () => stop.abort(),
    },
  });
  await t.rejects(attempt);
  t.equal(requests, 0);
});

t.test('a certificate for another key is refused', async (t) => {
  const authority = await createTestAuthority();
  const server = await startServer(authority, async (request) => {
    const answer = await grant(authority, request);
    const other = await authority.device('cam-1');
    return answer === 'cut'
      ? answer
      : { ...answer, body: { ...(answer.body as object), certificatePem: other.certificatePem } };
  });
  t.teardown(() => server.close());
  const claimToken = `${secret}.${authority.fingerprint}`;
  const attempt = ensureIdentity({ stateDir: folderOf(t), enrolUrl: server.url, claimToken, hardware });
  await t.rejects(attempt, { code: 'server_untrusted' });
});

t.test('bad input is named without the secret', async (t) => {
  const stateDir = folderOf(t);
  await t.rejects(ensureIdentity({ stateDir, hardware }), { code: 'claim_token_invalid' });
  const attempt = ensureIdentity({
    stateDir,
    hardware,
    enrolUrl: 'https://127.0.0.1:1',
    claimToken: `${secret}.beef`,
  });
  const error = await attempt.catch((reason: Error) => reason);
  t.match(error, { code: 'claim_token_invalid', message: /form/ });
  t.notMatch(JSON.stringify(error) + String(error), secret);
});

t.test('a damaged identity is not silently replaced', async (t) => {
  const stateDir = folderOf(t, { identity: {} });
  await writeFile(join(stateDir, 'identity', 'identity.json'), '{"deviceId":');
  await t.rejects(ensureIdentity({ stateDir, hardware }), { code: 'storage_failed' });
  t.equal(await readFile(join(stateDir, 'identity', 'identity.json'), 'utf8'), '{"deviceId":');
});
