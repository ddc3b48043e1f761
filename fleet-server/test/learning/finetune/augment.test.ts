import t from 'tap';
import {
  type Augmentation,
  augment,
  augmentationOf,
  changes,
  defaultAugmentation,
} from '../../../src/learning/finetune/augment.js';
import type { RgbImage } from '../../../src/learning/image.js';
import { seededRandom } from '../../../src/learning/random.js';
import { drawTexture } from '../fixtures.js';

const off: Augmentation = {
  flipHorizontal: false,
  flipVertical: false,
  rotationDegrees: 0,
  crop: 0,
  brightness: 0,
  contrast: 0,
  noise: 0,
  blur: 0,
};
const image = drawTexture('dots', 1, 40, 30);
const mean = ({ rgb }: RgbImage) => rgb.reduce((sum, value) => sum + value, 0) / rgb.length;
const spread = (one: RgbImage) => {
  const centre = mean(one);
  return Math.sqrt(one.rgb.reduce((sum, value) => sum + (value - centre) ** 2, 0) / one.rgb.length);
};
const views = (settings: Partial<Augmentation>, of = image) =>
  Array.from({ length: 20 }, (_, seed) => augment(of, { ...off, ...settings }, seededRandom(seed)));

const flipped = ({ width, height, rgb }: RgbImage, from: (x: number, y: number) => [number, number]) => {
  const out = new Uint8Array(rgb.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [fromX, fromY] = from(x, y);
      const start = 3 * (fromY * width + fromX);
      out.set(rgb.subarray(start, start + 3), 3 * (y * width + x));
    }
  }
  return out;
};

t.test('changes are switched by name', async (t) => {
  t.strictSame(augmentationOf(changes), defaultAugmentation);
  t.equal(augmentationOf([]), undefined);
  t.strictSame(augmentationOf(['rotation']), {
    ...off,
    rotationDegrees: defaultAugmentation.rotationDegrees,
  });
  t.strictSame(augmentationOf(changes.filter((change) => change !== 'flip-vertical')), {
    ...defaultAugmentation,
    flipVertical: false,
  });
});

t.test('everything off is the same picture, in memory of its own', async (t) => {
  for (const { rgb } of views({})) t.equal(Buffer.compare(rgb, image.rgb), 0);
  t.not(views({})[0]!.rgb, image.rgb);
});

t.test('flips are exact, and happen about every other time', async (t) => {
  const cases = [
    ['flipHorizontal', flipped(image, (x, y) => [39 - x, y])],
    ['flipVertical', flipped(image, (x, y) => [x, 29 - y])],
  ] as const;
  for (const [name, mirrored] of cases) {
    const same = views({ [name]: true }).map(({ rgb }) => {
      const isMirrored = Buffer.compare(rgb, mirrored) === 0;
      t.ok(isMirrored || Buffer.compare(rgb, image.rgb) === 0);
      return isMirrored;
    });
    const count = same.filter(Boolean).length;
    t.ok(count >= 4 && count <= 16, `${name}: ${count} of 20`);
  }
});

t.test('a small turn and crop keep a spot in the picture, near where it was', async (t) => {
  const width = 64;
  const spot = { width, height: width, rgb: new Uint8Array(3 * width * width).fill(100) };
  for (let y = 8; y < 13; y++)
    for (let x = 48; x < 53; x++) spot.rgb.fill(250, 3 * (y * width + x), 3 * (y * width + x) + 3);
  for (const { rgb } of views({ rotationDegrees: 8, crop: 0.1 }, spot)) {
    let [sumX, sumY, count] = [0, 0, 0];
    for (let pixel = 0; pixel < width * width; pixel++) {
      if (rgb[3 * pixel]! < 175) continue;
      sumX += pixel % width;
      sumY += Math.floor(pixel / width);
      count++;
    }
    t.ok(count >= 16 && count <= 40, `${count} pixels of 25`);
    t.ok(Math.hypot(sumX / count - 50, sumY / count - 10) < 9);
  }
});

t.test('brightness, contrast, noise and blur stay within their limits', async (t) => {
  const grey = { width: 30, height: 30, rgb: new Uint8Array(2700).fill(128) };
  const levels = views({ brightness: 0.1 }, grey).map(mean);
  t.ok(Math.max(...levels) <= 128 + 26 && Math.min(...levels) >= 128 - 26);
  t.ok(Math.max(...levels) > 135 && Math.min(...levels) < 121, 'in both directions');
  for (const view of views({ contrast: 0.2 })) {
    t.ok(Math.abs(spread(view) / spread(image) - 1) < 0.21);
  }
  const deviations = views({ noise: 6 }, grey).map(spread);
  t.ok(
    Math.max(...deviations) < 6.5 && Math.max(...deviations) > 3,
    `noise up to ${Math.max(...deviations)}`,
  );
  const noisy = augment(grey, { ...off, noise: 6 }, seededRandom(3));
  t.ok(spread(augment(noisy, { ...off, blur: 1 }, seededRandom(1))) < 0.6 * spread(noisy));
  const edges = { width: 2, height: 1, rgb: new Uint8Array([0, 0, 0, 255, 255, 255]) };
  for (const { rgb } of views({ brightness: 0.5 }, edges)) t.ok(rgb[0]! <= rgb[3]!, 'clamped, not wrapped');
});

t.test('a seed gives one picture', async (t) => {
  const view = (seed: number) => augment(image, defaultAugmentation, seededRandom(seed));
  t.strictSame(view(5), view(5));
  t.notSame(view(5), view(6));
});
