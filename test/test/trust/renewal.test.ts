import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureIdentity } from '@lineside/agent/enrol/ensure-identity';
import { CertificateKeeper, isDue } from '@lineside/agent/enrol/renewal';
import { createArtifactClient } from '@lineside/agent/update/artifact-client';
import { engines } from '@lineside/fleet-server/testing/engines';
import { claim } from '@lineside/fleet-server/testing/test-device';
import { startTestServer } from '@lineside/fleet-server/testing/test-server';
import t from 'tap';
import { until } from '../../src/system/until.js';

const dayMs = 86_400_000;

t.test('a device renews its certificate in time, with a new key, and goes on with it', async (t) => {
  const stateDir = await mkdtemp(join(tmpdir(), 'lineside-renewal-'));
  t.teardown(() => rm(stateDir, { recursive: true, force: true }));
  const server = await startTestServer(t, engines[0]!, { config: { deviceCertificateDays: 3 } });
  const { token, enrolUrl } = await claim(server, 'Camera 1');
  const hardware = { arch: 'x64', model: 'test' };
  const identity = await ensureIdentity({ stateDir, enrolUrl, claimToken: token, hardware });
  const first = { ...identity };
  const client = createArtifactClient(identity);
  t.teardown(() => client.close());
  const status = async (path = '/tuf/timestamp.json') => (await client.read(path, 100_000)).status;
  t.equal(await status(), 200);

  let aheadMs = 0;
  // The new certificate, which begins at the server's time, is not due again.
  const renewed = () => identity.certificatePem !== first.certificatePem;
  const clock = { now: () => Date.now() + (renewed() ? 0 : aheadMs) };
  t.notOk(isDue(identity, clock.now()));
  const keeper = new CertificateKeeper({ identity, stateDir, clock, checkMs: 20 });
  // A request from before a power cut is used again.
  const kept = join(stateDir, 'identity', 'renewal.json');
  await writeFile(kept, 'torn');
  keeper.start();
  t.teardown(() => keeper.stop());
  aheadMs = 2.5 * dayMs;
  await until('another certificate', renewed);
  t.not(identity.keyPem, first.keyPem, 'for another key');
  t.equal(identity.deviceId, first.deviceId);
  await t.rejects(stat(kept), { code: 'ENOENT' });
  const stored = JSON.parse(await readFile(join(stateDir, 'identity', 'identity.json'), 'utf8')) as object;
  t.match(stored, { certificatePem: identity.certificatePem, keyPem: identity.keyPem });
  await keeper.stop();

  t.equal(await status(), 200, 'whoever connects next uses the new one');
  const old = createArtifactClient(first);
  t.teardown(() => old.close());
  t.equal((await old.read('/tuf/timestamp.json', 100_000)).status, 403, 'and the old one is over');
});

t.test('a server that is away is asked again, and a stop waits for nothing', async (t) => {
  const stateDir = await mkdtemp(join(tmpdir(), 'lineside-renewal-'));
  t.teardown(() => rm(stateDir, { recursive: true, force: true }));
  const server = await startTestServer(t, engines[0]!, { config: { deviceCertificateDays: 3 } });
  const { token, enrolUrl } = await claim(server, 'Camera 1');
  const hardware = { arch: 'x64', model: 'test' };
  const identity = await ensureIdentity({ stateDir, enrolUrl, claimToken: token, hardware });
  await server.close();
  const before = identity.certificatePem;
  let looked = 0;
  const clock = {
    now: () => {
      looked += 1;
      return Date.now() + 2.5 * dayMs;
    },
  };
  const keeper = new CertificateKeeper({ identity, stateDir, clock, checkMs: 5 });
  keeper.start();
  await until('several attempts', () => looked >= 3);
  await keeper.stop();
  t.equal(identity.certificatePem, before);
});
