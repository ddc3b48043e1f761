import { readFile } from 'node:fs/promises';
import { encodeMessage, openReference, ReferenceEmbeddings } from '@lineside/shared';
import fc from 'fast-check';
import t from 'tap';
import { composeFeatureExtractor } from '../../src/learning/compose.js';
import type { RgbImage } from '../../src/learning/image.js';
import { type ImageModel, openImageModel } from '../../src/learning/onnx/session.js';
import { seededRandom } from '../../src/learning/random.js';
import { referenceEmbeddings } from '../../src/learning/reference.js';
import { backboneIn, drawTexture, normals, textures } from './fixtures.js';

const dimensions = 736;
let extractor: ImageModel;
t.before(async () => {
  const backbone = await backboneIn(t.testdir());
  extractor = await openImageModel(composeFeatureExtractor(await readFile(backbone.path), backbone), 1);
});
t.after(() => extractor.release());

const embed = async (image: RgbImage): Promise<Float32Array> => (await extractor.run(image)).embedding;

function stack(rows: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(rows.length * (rows[0]?.length ?? 0));
  for (const [at, row] of rows.entries()) all.set(row, at * row.length);
  return all;
}

const checks = (width: number, height: number, side: number): RgbImage => {
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = (Math.floor(x / side) + Math.floor(y / side)) % 2 ? 240 : 15;
      rgb.fill(value, 3 * (y * width + x), 3 * (y * width + x) + 3);
    }
  }
  return { width, height, rgb };
};

const noise = (width: number, height: number, seed: number): RgbImage => {
  const random = seededRandom(seed);
  const rgb = Uint8Array.from({ length: width * height * 3 }, () => Math.floor(random() * 256));
  return { width, height, rgb };
};

t.test('pictures of the kinds trained on are seldom novel, others are', async (t) => {
  const drawn = async (from: number, to: number): Promise<Float32Array[]> => {
    const rows: Float32Array[] = [];
    for (const kind of textures) {
      for (let seed = from; seed < to; seed++) rows.push(await embed(drawTexture(kind, seed)));
    }
    return rows;
  };
  const training = await drawn(1, 21);
  const message = referenceEmbeddings({
    space: 'test',
    rows: stack(training),
    dimensions,
    groups: training.map((_, at) => `part-${at}`),
    seed: 1,
  });
  t.ok(message);
  const encoded = encodeMessage(ReferenceEmbeddings, message!);
  t.ok(encoded.length < 600_000, `${encoded.length} bytes`);
  const reference = openReference(message!);
  const isNovel = (row: Float32Array) => reference.distance(row) > reference.threshold;

  const heldOut = await drawn(101, 113);
  const alarms = heldOut.filter(isNovel).length;
  t.ok(alarms <= heldOut.length / 8, `${alarms} of ${heldOut.length} pictures of known kinds are novel`);
  const strange = [
    checks(96, 80, 20),
    checks(96, 80, 5),
    noise(96, 80, 3),
    { width: 96, height: 80, rgb: new Uint8Array(96 * 80 * 3).fill(255) },
    { width: 96, height: 80, rgb: new Uint8Array(96 * 80 * 3) },
  ];
  for (const [at, image] of strange.entries()) {
    const distance = reference.distance(await embed(image));
    t.ok(distance > reference.threshold, `strange picture ${at}: ${distance} above ${reference.threshold}`);
  }
});

/** Clouds of points around centres, wide in a few directions: what a backbone makes of a few kinds of part. */
function clouds(seed: number, count: number, kinds: number, width: number): Float32Array[] {
  const normal = normals(seededRandom(seed));
  const vector = () => Float32Array.from({ length: width }, normal);
  const centres = Array.from({ length: kinds }, vector);
  const directions = Array.from({ length: 6 }, vector);
  return Array.from({ length: count }, (_, at) => {
    const row = centres[at % kinds]!.map((value) => 4 * value);
    for (const direction of directions) {
      const along = normal();
      for (let j = 0; j < width; j++) row[j]! += along * direction[j]!;
    }
    return row;
  });
}

t.test('many frames shrink to a small file that covers rare kinds too', async (t) => {
  const width = 1024;
  const common = clouds(1, 900, 2, width);
  const rare = clouds(2, 8, 1, width);
  const rows = [...common, ...rare];
  const message = referenceEmbeddings({
    space: 'test',
    rows: stack(rows),
    dimensions: width,
    groups: rows.map((_, at) => `part-${at}`),
    seed: 3,
  });
  t.ok(message!.count < 200 && message!.vectors.length <= 512 * 1024, `${message!.count} vectors`);
  const reference = openReference(message!);
  t.ok(rare.filter((row) => reference.distance(row) > reference.threshold).length <= 2);
  const novel = common.filter((row) => reference.distance(row) > reference.threshold).length;
  t.ok(novel <= 900 * 0.03, `${novel} of the training frames themselves`);
  const other = clouds(7, 20, 1, width);
  t.ok(other.every((row) => reference.distance(row) > reference.threshold));
});

t.test('pictures of one part do not make a new part novel', async (t) => {
  const width = 32;
  const normal = normals(seededRandom(5));
  const parts = Array.from({ length: 40 }, () => Float32Array.from({ length: width }, () => normal()));
  const bursts = parts.flatMap((part, at) =>
    Array.from({ length: 5 }, () => ({
      group: `part-${at}`,
      row: part.map((value) => value + 0.02 * normal()),
    })),
  );
  const rows = stack(bursts.map(({ row }) => row));
  const build = (groups: string[]) =>
    openReference(referenceEmbeddings({ space: 'test', rows, dimensions: width, groups, seed: 1 })!);
  const others = Array.from({ length: 200 }, () => Float32Array.from({ length: width }, () => normal()));
  const share = (reference: ReturnType<typeof build>) =>
    others.filter((row) => reference.distance(row) > reference.threshold).length / others.length;
  t.ok(share(build(bursts.map(({ group }) => group))) < 0.2);
  t.ok(share(build(bursts.map((_, at) => `frame-${at}`))) > 0.8, 'what a split by frame would have done');
});

t.test('too few frames, or one group alone, give no reference', async (t) => {
  const rows = clouds(1, 11, 2, 8);
  const input = { space: 'test', dimensions: 8, seed: 1 };
  t.equal(referenceEmbeddings({ ...input, rows: stack(rows), groups: rows.map((_, at) => `${at}`) }), null);
  const more = clouds(1, 50, 2, 8);
  t.equal(referenceEmbeddings({ ...input, rows: stack(more), groups: more.map(() => 'same') }), null);
  const copies = Array.from({ length: 12 }, () => rows[0]!);
  const parts = copies.map((_, at) => `${at}`);
  t.equal(referenceEmbeddings({ ...input, rows: stack(copies), groups: parts }), null, 'eleven distances');
});

t.test('whatever the frames, the reference keeps its own schema and has finite numbers', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 13, max: 40 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 0, max: 1000 }),
      (count, width, distinct, seed) => {
        const drawn = clouds(seed, Math.min(distinct, count), 3, width);
        const rows = Array.from({ length: count }, (_, at) => drawn[at % drawn.length]!);
        const message = referenceEmbeddings({
          space: 'test',
          rows: stack(rows),
          dimensions: width,
          groups: rows.map((_, at) => `part-${at}`),
          seed,
        });
        if (!message) return false;
        const reference = openReference(ReferenceEmbeddings.parse(message));
        return (
          Number.isFinite(reference.threshold) &&
          rows.every((row) => reference.distance(row) < 100) &&
          reference.distance(new Float32Array(width).fill(Number.NaN)) === Number.POSITIVE_INFINITY &&
          reference.distance(new Float32Array(width + 1)) === Number.POSITIVE_INFINITY
        );
      },
    ),
    { numRuns: 40 },
  );
});
