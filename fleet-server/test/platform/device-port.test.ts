import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeMessage, EnrolResponse } from '@lineside/shared';
import t from 'tap';
import { TufRepository } from '../../src/trust/tuf-repository.js';
import { ApiClient } from '../helpers/api-client.js';
import { engines, onEachEngine, temporaryFolder } from '../helpers/engines.js';
import { claim, enrol, enrolDevice, httpsRequest, type Identity, newCsr } from '../helpers/test-device.js';
import { startTestServer } from '../helpers/test-server.js';

const pglite = engines[0]!;
const codeOf = (body: Buffer): string => JSON.parse(body.toString()).error.code;

onEachEngine('enrolment spends a token once', async (t, engine) => {
  const server = await startTestServer(t, engine);
  const { token, enrolUrl } = await claim(server, 'Línea 1, Kamera Ä');
  const { csrPem } = await newCsr();
  const first = await enrol(enrolUrl, token, csrPem);
  t.equal(first.status, 201);
  const identity = decodeMessage(EnrolResponse, first.body);
  t.match(identity.deviceId, /^linea-1-kamera-a-[0-9a-f]{8}$/);
  const certificate = new X509Certificate(identity.certificatePem);
  const ca = new X509Certificate(identity.caPem);
  t.ok(certificate.verify(ca.publicKey));
  t.equal(certificate.subject, `CN=${identity.deviceId}`);
  t.ok(Date.parse(certificate.validTo) - Date.now() > 360 * 86_400_000);
  t.equal(token.split('.')[1], createHash('sha256').update(ca.raw).digest('hex'));

  const again = await enrol(enrolUrl, token, csrPem);
  t.same(decodeMessage(EnrolResponse, again.body), identity, 'the same request is answered again');
  const other = await enrol(enrolUrl, token, (await newCsr()).csrPem);
  t.equal(other.status, 401);
  t.equal(codeOf(other.body), 'claim_token_invalid');
  t.equal((await server.admin.get<{ items: unknown[] }>('/devices')).body.items.length, 1);

  const labels = { site: 'North hall', tags: ['paint', 'line 3'] };
  const path = `/devices/${identity.deviceId}/labels`;
  t.match((await server.admin.put(path, labels)).body, {
    site: 'North hall',
    tags: ['line 3', 'paint'],
  });
  for (const wrong of [{ site: '', tags: [] }, { site: null, tags: ['<b>'] }, { site: null }]) {
    t.equal((await server.admin.put(path, wrong)).status, 400, JSON.stringify(wrong));
  }
  const selection = { tags: ['paint'], sites: ['North hall'] };
  const draft = { modelVersionId: 'no-such', strategy: { kind: 'all_at_once' }, selection };
  t.equal((await server.admin.post('/rollouts/preview', draft)).status, 404);

  const race = await claim(server, 'Race');
  const outcomes = await Promise.all(
    Array.from({ length: 4 }, async () => enrol(enrolUrl, race.token, (await newCsr()).csrPem)),
  );
  t.same(outcomes.map(({ status }) => status).sort(), [201, 401, 401, 401], 'of four at once one wins');
});

t.test('enrolment refuses', async (t) => {
  let clock = Date.now();
  const server = await startTestServer(t, pglite, { now: () => clock });
  const { token, enrolUrl } = await claim(server, 'Camera');
  const { csrPem } = await newCsr();
  const refusal = async (claimToken: string, csr: string) => {
    const answer = await enrol(enrolUrl, claimToken, csr);
    return [answer.status, codeOf(answer.body)];
  };
  const [secret, fingerprint] = token.split('.');
  t.same(await refusal(`${secret}x.${fingerprint}`, csrPem), [401, 'claim_token_invalid']);
  t.same(await refusal(`${secret}.${'0'.repeat(64)}`, csrPem), [401, 'claim_token_invalid']);
  t.same(await refusal(token, 'not a request'), [400, 'csr_invalid']);
  const rsa = await newCsr({
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: { name: 'SHA-256' },
  });
  t.same(await refusal(token, rsa.csrPem), [400, 'csr_invalid']);
  const der = Buffer.from(csrPem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  der[der.length - 1] = (der[der.length - 1] ?? 0) ^ 1;
  const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----`;
  t.same(await refusal(token, forged), [400, 'csr_invalid']);
  t.same(
    codeOf(
      (
        await httpsRequest(`${enrolUrl}/enrol`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{',
        })
      ).body,
    ),
    'payload_malformed',
  );
  clock += 61 * 60_000;
  t.same(await refusal(token, csrPem), [401, 'claim_token_invalid'], 'expired');
});

t.test('too many attempts to enrol are put off', async (t) => {
  const server = await startTestServer(t, pglite, { config: { enrolmentsPerMinute: 2 } });
  const { enrolUrl } = await claim(server, 'Camera');
  const statuses: number[] = [];
  for (let i = 0; i < 3; i++) statuses.push((await enrol(enrolUrl, 'x'.repeat(40), 'y')).status);
  t.same(statuses, [401, 401, 429]);
});

t.test('artifacts', async (t) => {
  const server = await startTestServer(t, pglite);
  const identity = await enrolDevice(server);
  const content = randomBytes(100_000);
  const { sha256 } = await server.services.blobs.put(content);
  const url = `${identity.artifactsUrl}/artifacts/${sha256}`;
  const fetchIt = (headers: Record<string, string> = {}, as: Identity | null = identity) =>
    httpsRequest(url, { headers, ca: identity.caPem, ...(as ? { identity: as } : {}) });

  const whole = await fetchIt();
  t.match(whole, { status: 200, headers: { 'accept-ranges': 'bytes', etag: `"${sha256}"` } });
  t.ok(whole.body.equals(content));
  const rest = await fetchIt({ range: 'bytes=60000-', 'if-range': `"${sha256}"` });
  t.match(rest, { status: 206, headers: { 'content-range': 'bytes 60000-99999/100000' } });
  t.ok(rest.body.equals(content.subarray(60_000)));
  t.ok((await fetchIt({ range: 'bytes=-10' })).body.equals(content.subarray(-10)));
  t.equal(
    (await fetchIt({ range: 'bytes=0-9', 'if-range': '"another"' })).status,
    200,
    'changed: from the start',
  );
  t.match(await fetchIt({ range: 'bytes=100000-' }), {
    status: 416,
    headers: { 'content-range': 'bytes */100000' },
  });
  const missing = await httpsRequest(`${identity.artifactsUrl}/artifacts/${'0'.repeat(64)}`, { identity });
  t.equal(missing.status, 404);
  const traversal = await httpsRequest(`${identity.artifactsUrl}/tuf/..%2f..%2ftrust%2fca.key`, { identity });
  t.equal(traversal.status, 404);

  t.equal(codeOf((await fetchIt({}, null)).body), 'certificate_required');
  await server.admin.post(`/devices/${identity.deviceId}/revoke`);
  t.equal(codeOf((await fetchIt()).body), 'certificate_revoked');
});

t.test('signed targets are found and trusted by a TUF client', async (t) => {
  const server = await startTestServer(t, pglite);
  const identity = await enrolDevice(server);
  const { artifacts } = server.services;
  const manifest = Buffer.from('{"hello":"world"}');
  await artifacts.publishTarget({
    path: 'models/parts/v1/1/manifest.json',
    content: manifest,
    custom: { releaseCounter: 1 },
  });
  await artifacts.publishTarget({
    path: 'models/parts/v2/2/manifest.json',
    content: manifest,
    custom: { releaseCounter: 2 },
  });

  const { Updater, BaseFetcher } = await import('tuf-js');
  const { Readable } = await import('node:stream');
  class DeviceFetcher extends BaseFetcher {
    override async fetch(url: string) {
      const answer = await httpsRequest(url, { ca: identity.caPem, identity });
      if (answer.status === 404) {
        const { DownloadHTTPError } = await import('tuf-js/dist/error.js');
        throw new DownloadHTTPError('not found', 404);
      }
      return Readable.from([answer.body]);
    }
  }
  const folder = await temporaryFolder(t);
  const { writeFile, readFile } = await import('node:fs/promises');
  await mkdir(join(folder, 'meta'));
  await mkdir(join(folder, 'targets'));
  await writeFile(join(folder, 'meta', 'root.json'), identity.tufRoot);
  const updater = new Updater({
    metadataDir: join(folder, 'meta'),
    metadataBaseUrl: `${identity.artifactsUrl}/tuf`,
    targetDir: join(folder, 'targets'),
    targetBaseUrl: `${identity.artifactsUrl}/tuf/targets`,
    fetcher: new DeviceFetcher(),
  });
  await updater.refresh();
  const info = await updater.getTargetInfo('models/parts/v2/2/manifest.json');
  t.match(info, { length: manifest.length, custom: { releaseCounter: 2 } });
  const path = await updater.downloadTarget(info!);
  t.same(await readFile(path), manifest);
  t.equal(await updater.getTargetInfo('models/parts/v3/3/manifest.json'), undefined);
});

t.test('the repository signs again in time, and keys are private', async (t) => {
  const folder = await temporaryFolder(t);
  let clock = Date.now();
  const open = () => TufRepository.open(join(folder, 'tuf'), join(folder, 'trust'), () => clock);
  const repository = await open();
  await repository.publishTarget({ path: 'a/b.json', content: Buffer.from('x'), custom: {} });
  const timestamp = async () => JSON.parse(String(await repository.readTuf('timestamp.json'))).signed;
  const before = await timestamp();
  await repository.refresh();
  t.equal((await timestamp()).version, before.version, 'fresh: left alone');
  clock += 10 * 86_400_000;
  await repository.refresh();
  t.equal((await timestamp()).version, before.version + 1);
  t.ok(Date.parse((await timestamp()).expires) > clock + 12 * 86_400_000);
  clock += 300 * 86_400_000;
  await open();
  const snapshot = JSON.parse(
    String(await repository.readTuf(`${(await timestamp()).meta['snapshot.json'].version}.snapshot.json`)),
  );
  t.ok(Date.parse(snapshot.signed.expires) > clock);
  for (const name of await readdir(join(folder, 'trust'))) {
    t.equal((await stat(join(folder, 'trust', name))).mode & 0o777, 0o600, name);
    t.equal(await repository.readTuf(`../trust/${name}`), null);
  }
  t.equal(await repository.readTuf('targets/../../trust/tuf-root.key'), null);
});

t.test('one error shape', async (t) => {
  const server = await startTestServer(t, pglite);
  const { enrolUrl } = await claim(server, 'Camera');
  const answer = await httpsRequest(`${enrolUrl}/nothing`, {});
  t.match(JSON.parse(answer.body.toString()), { error: { code: 'not_found', requestId: String } });
  t.equal(ApiClient.code(await server.visitor().get('/nothing')), 'not_found');
});
