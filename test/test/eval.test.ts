import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'bmp-ts';
import sharp from 'sharp';
import t from 'tap';
import { readStored } from '../src/eval/camera-formats.js';
import { readImageFolder, splitPictures } from '../src/eval/dataset.js';
import { scoreDecisions } from '../src/eval/score.js';
import { opaqueName } from '../src/eval/stage-files.js';

async function tree(files: Record<string, string>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'lineside-tree-'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(dir, path, '..'), { recursive: true });
    await writeFile(join(dir, path), content);
  }
  return dir;
}

const manyFiles = Object.fromEntries(
  ['a', 'b'].flatMap((name) =>
    Array.from(
      { length: 40 },
      (_, i) => [`${name}/part${Math.floor(i / 2)}_${i % 2}.jpg`, `${name}${i}`] as const,
    ),
  ),
);

t.test('no group stands on both sides of the split, and every class is held out', async (t) => {
  const dir = await tree({ ...manyFiles, 'a/copy-of-b.jpg': 'b7', 'notes.txt': 'x' });
  t.teardown(() => rm(dir, { recursive: true }));
  for (const groupBy of [undefined, /([ab]\/part\d+)_/]) {
    const folder = await readImageFolder(dir, groupBy);
    const options = { seed: 3, share: 0.25, rounds: 3, devices: 2, maxHeldOut: 600, maxPool: 4000 };
    const split = splitPictures(folder, options);
    const held = new Set(split.heldOut.map((picture) => picture.group));
    const seen = split.stream.flat(2);
    t.notOk(seen.some((picture) => held.has(picture.group)));
    t.equal(seen.length + split.heldOut.length, folder.pictures.length, 'nothing is forgotten');
    t.strictSame(new Set(split.heldOut.map((picture) => picture.className)), new Set(['a', 'b']));
    t.strictSame(splitPictures(folder, options), split, 'the same seed gives the same split');
  }
});

t.test('pictures in formats that cameras do not store become PNG, pixel for pixel', async (t) => {
  const dir = await tree({ 'a/broken.bmp': 'BM, but no bitmap', 'a/broken.jpg': 'no picture' });
  t.teardown(() => rm(dir, { recursive: true }));
  const [width, height] = [5, 3];
  const rgb = Buffer.from(Array.from({ length: width * height * 3 }, (_, i) => (i * 37) % 256));
  const drawn = sharp(rgb, { raw: { width, height, channels: 3 } });
  const abgr = Buffer.from(
    Array.from({ length: width * height }, (_, i) => [
      255,
      ...[...rgb.subarray(i * 3, i * 3 + 3)].reverse(),
    ]).flat(),
  );
  await writeFile(join(dir, 'a/1.bmp'), encode({ data: abgr, width, height, bitPP: 24 }).data);
  await writeFile(join(dir, 'a/2.TIFF'), await drawn.clone().tiff({ compression: 'lzw' }).toBuffer());
  for (const name of ['1.bmp', '2.TIFF']) {
    const png = await readStored(join(dir, 'a', name));
    t.equal((await sharp(png).metadata()).format, 'png');
    t.ok((await sharp(png).raw().toBuffer()).equals(rgb), name);
  }
  t.equal(
    (await readStored(join(dir, 'a/broken.bmp'))).toString(),
    'BM, but no bitmap',
    'the device refuses it',
  );
  t.match(opaqueName({ path: '/data/a/1.BMP', className: 'a', group: 'g' }, 1), /\.png$/);
});

t.test('a tree without two classes is refused in words', async (t) => {
  const dir = await tree({ 'only/1.jpg': 'x' });
  t.teardown(() => rm(dir, { recursive: true }));
  await t.rejects(readImageFolder(dir), /pictures of 1 class/);
});

t.test('the staged name tells the group and not the class', async (t) => {
  const picture = { path: '/data/crack/7.png', className: 'crack', group: 'part7' };
  const name = opaqueName(picture, 1);
  t.match(name, /^g[0-9a-f]{12}__[0-9a-f]{12}\.png$/);
  t.equal(
    opaqueName({ ...picture, path: '/data/crack/8.png' }, 1).slice(0, 13),
    name.slice(0, 13),
    'same group',
  );
});

t.test('balanced accuracy is the mean recall of the classes that occur', async (t) => {
  const decisions = [
    ...Array.from({ length: 8 }, () => ({ truth: 'a', predicted: 'a', accepted: true })),
    { truth: 'b', predicted: 'a', accepted: true },
    { truth: 'b', predicted: 'b', accepted: false },
  ];
  t.match(scoreDecisions(decisions, ['a', 'b', 'never']), {
    accuracy: 0.9,
    balancedAccuracy: 0.75,
    autoAcceptedShare: 0.9,
    autoAcceptedError: 1 / 9,
    recall: { a: 1, b: 0.5, never: null },
  });
  t.equal(scoreDecisions([], ['a']).autoAcceptedError, null, 'nothing accepted, nothing claimed');
});
