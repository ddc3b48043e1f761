import { insertModel, storeFiles } from '../../src/features/models/register-model.js';
import { neverAccept } from '../../src/learning/accept-threshold.js';
import { serializeHead, zeroHead } from '../../src/learning/head/head.js';
import { writePackageFile } from '../../src/learning/package-files.js';
import { onEachEngine } from '../helpers/engines.js';
import { openWorld } from './world.js';

onEachEngine('a package with variants of fewer bits', async (t, engine) => {
  const { services } = await openWorld(t, engine);
  const folder = t.testdir();
  const write = (name: string) => writePackageFile(folder, name, Buffer.from(name));
  const decision = {
    threshold: neverAccept,
    alpha: 0.05,
    n: 0,
    accepted: 0,
    errors: 0,
    method: 'bootstrap' as const,
  };
  const quantised = { deviceClass: 'arm64', sameAnswer: 0.99, n: 100, tolerance: 0.06 } as const;
  const files = {
    model: await write('fp32'),
    golden: await write('golden'),
    reference: null,
    variants: [
      { file: await write('arm'), quantised },
      { file: await write('half'), quantised: { ...quantised, deviceClass: 'gpu' as const } },
    ],
    head: serializeHead(zeroHead(2, 4), ['a', 'b'], 'test-1'),
    decision,
    classes: [
      { id: 'a', name: 'A' },
      { id: 'b', name: 'B' },
    ],
    space: 'test-1',
    dimensions: 4,
    licences: [],
  };
  const stored = await storeFiles(services.blobs, files);
  const row = await services.database.db.transaction((tx) =>
    insertModel(tx, stored, { dataset: null, trainingRunId: null }, null, new Date(0)),
  );
  const [fp32, int8, half, ...others] = row.manifest.variants;
  t.match(
    fp32,
    { name: 'fp32', arch: undefined, quantised: undefined },
    'the model itself is for any device',
  );
  t.match(int8, { name: 'int8-arm64', arch: ['arm64'], quantised });
  t.match(half, { name: 'fp16-gpu', arch: undefined, quantised: { deviceClass: 'gpu' } });
  t.strictSame(others, []);
  t.equal(String(await services.blobs.read(int8!.file.sha256)), 'arm', 'devices can fetch it');
  t.equal(row.bytes, 'fp32'.length + 'golden'.length + 'arm'.length + 'half'.length);
});
