import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { decodeMessage, encodeMessage, GoldenFrames, type ModelManifest } from '@lineside/shared';
import { makeBootstrap } from '../../src/features/models/bootstrap-model.js';
import { exportPackage } from '../../src/features/models/package/export.js';
import { importPackage } from '../../src/features/models/package/import.js';
import {
  championId,
  isBootstrap,
  listModels,
  type ModelRow,
  modelById,
} from '../../src/features/models/repository.js';
import { onEachEngine } from '../helpers/engines.js';
import { modelRoutes } from './model-routes.js';
import { addClasses, openWorld, person } from './world.js';

const maxBytes = 64 << 20;
const ann = person('ann');

/** The same archive with one byte of an entry's content changed. */
function damaged(archive: Buffer, entry: string, at: number): Buffer {
  const copy = Buffer.from(archive);
  const start = copy.indexOf(entry) + 512 + at;
  copy[start] = copy[start]! ^ 1;
  return copy;
}

onEachEngine('a model goes from one fleet to another', async (t, engine) => {
  const here = await openWorld(t, engine);
  const there = await openWorld(t, engine);
  const signer = here.services.packageKey.fingerprint;
  const wanted = [
    { id: 'good', name: 'GOOD' },
    { id: 'scratch', name: 'SCRATCH' },
  ];
  await addClasses(here, ['good', 'scratch']);
  const model = await makeBootstrap(here.services, wanted, new AbortController().signal);
  const packed = async (row: ModelRow) => {
    const { length, body } = await exportPackage(here.services, row);
    const bytes = await buffer(body);
    t.equal(bytes.length, length, 'as long as it was announced');
    return bytes;
  };
  const archive = await packed(model);
  const bring = (bytes: Buffer, from: string | undefined = signer, most = maxBytes) =>
    importPackage(there.services, ann, Readable.from([bytes]), {
      ...{ declaredBytes: undefined, maxBytes: most, signer: from },
    });

  await t.rejects(bring(archive), { code: 'class_unknown', message: /good, scratch/ });
  await addClasses(there, ['good', 'scratch']);
  await t.test('what is wrong is refused with its code', async (t) => {
    await t.rejects(
      importPackage(there.services, ann, Readable.from([archive]), {
        ...{ declaredBytes: undefined, maxBytes, signer: undefined },
      }),
      { code: 'artifact_untrusted', message: new RegExp(signer) },
      'nobody said that this fleet is trusted',
    );
    await t.rejects(bring(archive, 'f'.repeat(64)), { code: 'artifact_untrusted' });
    await t.rejects(bring(damaged(archive, 'statement.json', 40)), { code: 'artifact_untrusted' });
    await t.rejects(bring(damaged(archive, 'manifest.json', 200)), { code: 'artifact_corrupt' });
    const { golden } = model.manifest;
    await t.rejects(bring(damaged(archive, `files/${golden.sha256}`, 100)), { code: 'artifact_corrupt' });
    await t.rejects(bring(archive.subarray(0, archive.length / 2)), { code: 'artifact_corrupt' });
    await t.rejects(bring(Buffer.from('no archive at all')), { code: 'artifact_corrupt' });
    await t.rejects(bring(archive, signer, 1000), { code: 'payload_too_large' });

    const frames = decodeMessage(GoldenFrames, await here.services.blobs.read(golden.sha256));
    const [first] = frames.frames;
    first!.probabilities = [0.9, 0.1];
    const wrong = await here.services.blobs.put(encodeMessage(GoldenFrames, frames));
    const manifest: ModelManifest = { ...model.manifest, golden: wrong };
    const manifestJson = JSON.stringify(manifest);
    const manifestSha256 = createHash('sha256').update(manifestJson).digest('hex');
    await t.rejects(bring(await packed({ ...model, manifest, manifestJson, manifestSha256 })), {
      code: 'self_test_failed',
    });
    t.strictSame(await listModels(there.services.database.db), [], 'nothing of it stays');
  });

  const file = await modelRoutes(t, here).inject({ url: `/models/${model.id}/package` });
  t.match(file, { statusCode: 200, headers: { 'content-length': String(archive.length) } });
  t.ok(file.rawPayload.equals(archive), 'as it is downloaded');
  const upload = await modelRoutes(t, there).inject({
    ...{ method: 'POST', url: `/models/packages?signer=${signer}`, payload: file.rawPayload },
    headers: { 'content-type': 'application/octet-stream' },
  });
  t.match(upload.json(), { id: 'v0', champion: false, imported: { signer }, trainingRunId: null });
  const brought = await modelById(there.services.database.db, 'v0');
  t.match(brought, {
    ...{ id: 'v0', trainingRunId: null, bytes: model.bytes, headSha256: model.headSha256 },
    imported: { signer, version: 'v0', manifestSha256: model.manifestSha256, by: ann.email },
    manifest: { version: 'v0', classes: wanted, variants: model.manifest.variants },
  });
  t.notOk(isBootstrap(brought), 'it is not taken for a model made here');
  t.ok(await there.services.blobs.path(model.manifest.golden.sha256));
  t.equal(await championId(there.services.database.db), null, 'no champion by itself');
  t.strictSame(there.published, [], 'nothing is signed for devices');
  t.match(there.audit, [{ action: 'model.import', subject: 'v0' }]);
  await t.rejects(bring(archive), { code: 'conflict' }, 'it is here already');
  await t.rejects(
    importPackage(here.services, ann, Readable.from([archive]), {
      ...{ declaredBytes: undefined, maxBytes, signer: undefined },
    }),
    { code: 'conflict' },
    'one’s own key is trusted, but the model is here',
  );
});
