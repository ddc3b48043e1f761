import sharp from 'sharp';
import t from 'tap';
import { leastAlike, nearPairs } from '../../src/learning/leaks/near-pairs.js';
import { sketchLength, sketchOf } from '../../src/learning/leaks/sketch.js';
import { seededRandom } from '../../src/learning/random.js';

const side = 64;
type Grey = Float64Array;

/** Soft spots at random places, and a grain: what tells a part from others of its kind. */
const partOf = (random: () => number, contrast: number): Grey => {
  const [shape, grain] = [spots(random, 12, contrast), noise(random, 0.5 * contrast)];
  return shape.map((value, at) => value + grain[at]!);
};

function spots(random: () => number, count: number, contrast: number): Grey {
  const grey = new Float64Array(side * side);
  for (let n = 0; n < count; n++) {
    const [cx, cy, size, height] = [
      side * random(),
      side * random(),
      3 + 7 * random(),
      contrast * (random() - 0.5),
    ];
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        grey[y * side + x]! += height * Math.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * size * size));
      }
    }
  }
  return grey;
}
const shown = (...layers: Grey[]): Uint8Array =>
  Uint8Array.from({ length: side * side }, (_, at) =>
    Math.max(0, Math.min(255, 128 + layers.reduce((sum, layer) => sum + layer[at]!, 0))),
  );
const noise = (random: () => number, strength: number): Grey =>
  Float64Array.from({ length: side * side }, () => strength * (random() - 0.5));

/** Pairs by place in either list. */
const compare = async (tests: Uint8Array[], trains: Uint8Array[]) => {
  const pictures = [...tests, ...trains];
  const sketches = new Int16Array(pictures.length * sketchLength);
  for (const [at, grey] of pictures.entries()) sketches.set(sketchOf(grey), at * sketchLength);
  const pairs = await nearPairs({
    ...{ sketches, length: sketchLength, tests: tests.length },
    cameras: new Int32Array(pictures.length),
  });
  return pairs.map(({ train, ...pair }) => ({ ...pair, train: train - tests.length }));
};

t.test('the same thing taken again is found, other things are not', async (t) => {
  const random = seededRandom(4);
  const parts = Array.from({ length: 60 }, () => partOf(random, 160));
  const again = (part: Grey) => shown(part, noise(random, 6));
  const trains = parts.slice(0, 50).map(again);
  const pairs = await compare([...parts.slice(0, 5), ...parts.slice(50)].map(again), trains);
  t.strictSame(
    pairs.map(({ test, train }) => [test, train]),
    [0, 1, 2, 3, 4].map((at) => [at, at]),
  );
  t.ok(pairs.every(({ similarity }) => similarity >= leastAlike && similarity < 1.0001));
});

t.test('a fixture that is in all pictures makes none a copy of another', async (t) => {
  const random = seededRandom(9);
  const fixture = spots(random, 20, 200);
  const parts = Array.from({ length: 60 }, () => partOf(random, 80));
  const taken = (part: Grey) => shown(fixture, part, noise(random, 4));
  const pairs = await compare([parts[0]!, ...parts.slice(50)].map(taken), parts.slice(0, 50).map(taken));
  t.strictSame(
    pairs.map(({ test, train }) => [test, train]),
    [[0, 0]],
  );
});

t.test('other compression and size hardly move a sketch', async (t) => {
  const random = seededRandom(2);
  const grey = shown(spots(random, 12, 160), noise(random, 10));
  const original = sharp(grey, { raw: { width: side, height: side, channels: 1 } });
  const jpeg = await original.clone().resize(48, 48).jpeg({ quality: 50 }).toBuffer();
  const back = await sharp(jpeg).grayscale().resize(side, side, { fit: 'fill' }).raw().toBuffer();
  const [was, is] = [sketchOf(grey), sketchOf(back)];
  const dot = (a: Int16Array, b: Int16Array) =>
    Float64Array.from(a).reduce((sum, value, at) => sum + value * b[at]!, 0);
  t.ok(dot(was, is) / Math.sqrt(dot(was, was) * dot(is, is)) > 0.98);
});
