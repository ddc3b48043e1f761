import { decodePicture } from '@lineside/shared/pictures/decode-picture';
import sharp from 'sharp';
import t from 'tap';
import { createSource } from '../../src/capture/create-source.js';
import { FolderSource } from '../../src/capture/folder-source.js';
import { cutOf, reframe, wholeFor } from '../../src/capture/picture-geometry.js';
import type { CapturedFrame } from '../../src/capture/source.js';
import { uploadPicture } from '../../src/outputs/upload-picture.js';
import { seededRandom } from '../../src/policy/random.js';
import { folderOf } from '../helpers/folder.js';
import { drop } from '../helpers/pictures.js';
import { until } from '../helpers/until.js';

const random = seededRandom(5);
const noise = (width: number, height: number): Buffer =>
  Buffer.from(Uint8Array.from({ length: width * height * 3 }, () => Math.floor(random() * 256)));

t.test('turning and cutting give, pixel for pixel, what sharp gives', async (t) => {
  const size = { width: 23, height: 14 };
  const rgb = noise(size.width, size.height);
  for (const rotation of [0, 90, 180, 270] as const) {
    for (const region of [undefined, { left: 0.25, top: 0.5, width: 0.5, height: 0.3 }]) {
      const turned = sharp(
        await sharp(rgb, { raw: { ...size, channels: 3 } })
          .rotate(rotation)
          .png()
          .toBuffer(),
      );
      const upright = rotation % 180 === 0 ? size : { width: size.height, height: size.width };
      if (region) turned.extract(cutOf(upright, region));
      const expected = await turned.raw().toBuffer({ resolveWithObject: true });
      const made = reframe(rgb, size, rotation, region);
      t.same([made.width, made.height], [expected.info.width, expected.info.height]);
      t.ok(made.rgb.equals(expected.data), `${rotation}°, ${region ? 'region' : 'whole'}`);
    }
  }
});

t.test('a region never leaves the picture, nor is empty', async (t) => {
  for (let i = 0; i < 2000; i++) {
    const size = { width: 1 + Math.floor(random() * 90), height: 1 + Math.floor(random() * 90) };
    const left = random() * 0.999;
    const top = random() * 0.999;
    const cut = cutOf(size, {
      left,
      top,
      width: Math.max(1e-6, random() * (1 - left)),
      height: Math.max(1e-6, random() * (1 - top)),
    });
    const inside =
      cut.left >= 0 &&
      cut.top >= 0 &&
      cut.width >= 1 &&
      cut.height >= 1 &&
      cut.left + cut.width <= size.width &&
      cut.top + cut.height <= size.height;
    if (!inside) t.fail(JSON.stringify({ size, cut }));
  }
  const whole = wholeFor({ width: 640, height: 480 }, { left: 0, top: 0, width: 0.001, height: 0.5 });
  t.same(whole, { width: 4096, height: 960 }, 'of a tiny region the whole is not blown up without bounds');
});

t.test('the picture of a folder is decided, and stored, as it was turned and cut', async (t) => {
  const root = folderOf(t, { in: {} });
  const [width, height] = [40, 20];
  const jpeg = await sharp(noise(width, height), { raw: { width, height, channels: 3 } })
    .jpeg()
    .toBuffer();
  const { rgb } = await decodePicture(jpeg);
  await drop(`${root}/in`, 'a.jpg', jpeg);
  const regionOfInterest = { left: 0.5, top: 0, width: 0.5, height: 0.25 };
  const source = createSource(
    {
      id: 'cam',
      source: { kind: 'folder', path: `${root}/in`, mode: 'once', intervalMs: 0, afterwards: 'keep' },
      rotation: 90,
      regionOfInterest,
      frozenAfterMs: 0,
    },
    root,
  );
  t.notOk(source instanceof FolderSource);
  t.equal(source.live, false);
  const frames: CapturedFrame[] = [];
  t.teardown(() => source.stop());
  await source.start({
    async onFrame(frame) {
      frame.keep?.();
      frames.push(frame);
    },
    onEnd() {},
    onError: (error) => t.fail(error.message),
    onState() {},
  });
  await until('the picture', () => frames.length === 1);
  const [frame] = frames;
  const expected = reframe(rgb, { width, height }, 90, regionOfInterest);
  t.match(frame, { width: 10, height: 10, source: 'a.jpg' });
  t.ok(frame?.rgb.equals(expected.rgb));
  t.equal(frame?.jpeg, undefined);
  const stored = await uploadPicture(frame as CapturedFrame, 1e6);
  t.match(await sharp(stored.image).metadata(), { width: 10, height: 10 });
});

t.test('a synthetic line that is turned keeps the size asked for', async (t) => {
  const source = createSource(
    {
      id: 'cam',
      source: {
        ...{ kind: 'synthetic', seed: 1, variant: 0, defectShare: 0, difficulty: 0, revealTruth: false },
        ...{ framesPerSecond: 100, count: 1, width: 64, height: 48 },
      },
      rotation: 270,
      frozenAfterMs: 0,
    },
    folderOf(t),
  );
  const frames: CapturedFrame[] = [];
  t.teardown(() => source.stop());
  await source.start({
    async onFrame(frame) {
      frame.keep?.();
      frames.push(frame);
    },
    onEnd() {},
    onError() {},
    onState() {},
  });
  await until('the part', () => frames.length === 1);
  t.match(frames[0], { width: 64, height: 48 });
  t.equal(frames[0]?.rgb.length, 64 * 48 * 3);
});
