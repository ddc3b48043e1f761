import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { CameraStateName, FolderSourceConfig, LinesideError } from '@lineside/shared';
import sharp from 'sharp';
import t, { type Test } from 'tap';
import { FolderSource } from '../../src/capture/folder-source.js';
import type { CapturedFrame } from '../../src/capture/source.js';
import { folderOf } from '../helpers/folder.js';
import { drop, jpeg } from '../helpers/pictures.js';
import { until } from '../helpers/until.js';

interface Run {
  source: FolderSource;
  frames: CapturedFrame[];
  errors: LinesideError[];
  states: CameraStateName[];
  ended: () => boolean;
  names: () => (string | undefined)[];
}

async function run(
  test: Test,
  root: string,
  config: Partial<FolderSourceConfig>,
  take: (frame: CapturedFrame) => Promise<void> = async () => {},
): Promise<Run> {
  const source = new FolderSource(
    'cam',
    { kind: 'folder', path: join(root, 'in'), mode: 'watch', intervalMs: 0, afterwards: 'keep', ...config },
    join(root, 'state'),
  );
  const frames: CapturedFrame[] = [];
  const errors: LinesideError[] = [];
  const states: CameraStateName[] = [];
  let ended = false;
  test.teardown(() => source.stop());
  await source.start({
    async onFrame(frame) {
      await take(frame);
      frames.push(frame);
    },
    onEnd() {
      ended = true;
    },
    onError: (error) => errors.push(error),
    onState: (state) => states.push(state),
  });
  return {
    source,
    frames,
    errors,
    states,
    ended: () => ended,
    names: () => frames.map((frame) => frame.source),
  };
}

t.test('once: every picture in the order of the names, then the end', async (t) => {
  const root = folderOf(t, { in: { 'notes.txt': 'no picture', '.hidden.jpg': 'no' } });
  for (const [i, name] of ['b-2.jpg', 'a-1.jpg', 'c-3.jpg'].entries()) {
    await drop(join(root, 'in'), name, await jpeg(40 * i));
  }
  const { frames, errors, ended, names } = await run(t, root, { mode: 'once', groupPattern: '^(.)-' });
  await until('the end', ended);
  t.same(names(), ['a-1.jpg', 'b-2.jpg', 'c-3.jpg']);
  t.same(
    frames.map(({ sequence, group, width, height }) => [sequence, group, width, height]),
    [0, 1, 2].map((i) => [i, 'abc'[i], 24, 16]),
  );
  t.same(frames[0]?.jpeg, await jpeg(40), 'the original bytes travel along');
  t.ok(frames.every((frame) => frame.identity === undefined));
  t.same(errors, []);
});

t.test('a picture that is sent as it is keeps its bytes; others are read', async (t) => {
  const root = folderOf(t, { in: {} });
  const tiff = await sharp(await jpeg(40))
    .tiff({ compression: 'lzw' })
    .toBuffer();
  await drop(join(root, 'in'), 'scan.TIF', tiff);
  const { frames, errors, ended } = await run(t, root, { mode: 'once' });
  await until('the end', ended);
  t.match(frames, [{ width: 24, height: 16, source: 'scan.TIF', jpeg: undefined }]);
  t.same(errors, []);
});

t.test('loop: begins again and keeps counting', async (t) => {
  const root = folderOf(t, { in: {} });
  await drop(join(root, 'in'), 'only.jpg', await jpeg(1));
  const { frames } = await run(t, root, { mode: 'loop', intervalMs: 2 });
  await until('four rounds', () => frames.length >= 4);
  t.same(
    frames.slice(0, 4).map((frame) => frame.sequence),
    [0, 1, 2, 3],
  );
});

for (const afterwards of ['keep', 'move', 'delete'] as const) {
  t.test(`watch, ${afterwards}: each file once, also across restarts`, async (t) => {
    const root = folderOf(t, { in: {} });
    const folder = join(root, 'in');
    await drop(folder, 'a.jpg', await jpeg(1));
    const first = await run(t, root, { afterwards });
    await until('the first file', () => first.frames.length === 1);
    await drop(folder, 'b.jpg', await jpeg(2));
    await drop(folder, 'c.jpg', await jpeg(3));
    await until('files that appear', () => first.frames.length === 3);
    await first.source.stop();
    t.same(first.names(), ['a.jpg', 'b.jpg', 'c.jpg']);

    await drop(folder, 'd.jpg', await jpeg(4));
    await drop(folder, 'a.jpg', await jpeg(200, 50, 40));
    const second = await run(t, root, { afterwards });
    await until('what came meanwhile', () => second.frames.length === 2);
    await drop(folder, 'e.jpg', await jpeg(5));
    await until('one more', () => second.frames.length === 3);
    await second.source.stop();
    t.same(second.names(), ['a.jpg', 'd.jpg', 'e.jpg'], 'a new picture under an old name is a new frame');
    t.not(second.frames[0]?.identity, first.frames[0]?.identity);

    const left = (await readdir(folder)).sort();
    if (afterwards === 'keep') t.same(left, ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg', 'e.jpg']);
    if (afterwards === 'delete') t.same(left, []);
    if (afterwards === 'move') {
      t.same(left, ['done']);
      t.same((await readdir(join(folder, 'done'))).sort(), ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg', 'e.jpg']);
    }
  });
}

t.test('watch: a file that was not decided comes again after a restart, as the same frame', async (t) => {
  const root = folderOf(t, { in: {} });
  await drop(join(root, 'in'), 'a.jpg', await jpeg(1));
  const seen: CapturedFrame[] = [];
  const first = await run(t, root, {}, async (frame) => {
    seen.push(frame);
    throw new Error('the agent stops');
  });
  await until('the frame', () => seen.length > 0);
  await first.source.stop();
  const second = await run(t, root, {});
  await until('the frame again', () => second.frames.length === 1);
  t.ok(seen[0]?.identity);
  t.equal(second.frames[0]?.identity, seen[0]?.identity);
});

t.test('no frame is skipped however slow the taker, and few are decoded ahead', async (t) => {
  const root = folderOf(t, { in: {} });
  for (let i = 10; i < 30; i++) await drop(join(root, 'in'), `${i}.jpg`, await jpeg(i));
  let waiting = 0;
  let most = 0;
  const { frames, ended, names } = await run(t, root, { mode: 'once' }, async () => {
    most = Math.max(most, ++waiting);
    await new Promise((resolve) => setTimeout(resolve, 3));
    waiting -= 1;
  });
  await until('the end', ended);
  t.equal(frames.length, 20);
  t.same(names(), names().toSorted());
  t.ok(most <= 3, `${most} at a time`);
});

for (const afterwards of ['keep', 'delete'] as const) {
  t.test(
    `a file that is no picture is told of once and does not stop the line (${afterwards})`,
    async (t) => {
      const root = folderOf(t, { in: {} });
      const folder = join(root, 'in');
      const whole = await jpeg(9, 400, 300);
      await drop(folder, 'a-cut.jpg', whole.subarray(0, whole.length / 2));
      await drop(folder, 'b-junk.png', Buffer.from('not a picture at all'));
      await drop(folder, 'c-good.jpg', whole);
      const first = await run(t, root, { afterwards });
      await until('the good one', () => first.frames.length === 1);
      await drop(folder, 'd-good.jpg', whole);
      await until('the next one', () => first.frames.length === 2);
      await first.source.stop();
      t.same(
        first.errors.map((error) => error.code),
        ['image_unreadable', 'image_unreadable'],
      );
      t.match(first.errors[0]?.message, /^a-cut\.jpg: /);
      const second = await run(t, root, { afterwards });
      await drop(folder, 'e-good.jpg', whole);
      await until('the last one', () => second.frames.length === 1);
      t.same(second.errors, []);
      if (afterwards === 'delete') {
        t.same((await readdir(join(folder, 'bad'))).sort(), ['a-cut.jpg', 'b-junk.png'], 'kept as evidence');
      }
    },
  );
}

for (const mode of ['loop', 'watch'] as const) {
  t.test(`${mode}: a folder that goes away is told once, and goes on when it is back`, async (t) => {
    const root = folderOf(t, { in: {} });
    await drop(join(root, 'in'), 'a.jpg', await jpeg(1));
    const { frames, errors, states } = await run(t, root, { mode, intervalMs: 5 });
    await until('the first picture', () => frames.length > 0);
    await rename(join(root, 'in'), join(root, 'away'));
    await until('the loss', () => states.at(-1) === 'failed');
    t.match(errors, [{ code: 'capture_failed', message: /ENOENT/ }]);
    await rename(join(root, 'away'), join(root, 'in'));
    await drop(join(root, 'in'), 'b.jpg', await jpeg(2));
    await until('the folder that is back', () => frames.some(({ source }) => source === 'b.jpg'));
    await until('the good news', () => states.at(-1) === 'running');
    t.equal(errors.length, 1);
  });
}

t.test('once: a folder that is not there is an error that names it', async (t) => {
  const root = folderOf(t, {});
  await t.rejects(run(t, root, { mode: 'once' }), { code: 'capture_failed', message: /\/in: ENOENT/ });
});
