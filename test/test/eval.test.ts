import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
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
