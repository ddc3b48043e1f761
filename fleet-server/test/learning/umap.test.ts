import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { project, unitRows } from '../../src/learning/order/projection.js';
import { seededRandom } from '../../src/learning/random.js';
import { layOut } from '../../src/learning/umap/lay-out.js';

const dimensions = 32;
const classes = 10;

/** Clouds about ten places in 32 dimensions. */
function clouds(count: number): Float32Array {
  const random = seededRandom(7);
  const centres = Array.from({ length: classes }, () =>
    Array.from({ length: dimensions }, () => 2 * random()),
  );
  const rows = new Float32Array(count * dimensions);
  for (let row = 0; row < count; row++) {
    for (const [j, centre] of centres[row % classes]!.entries()) {
      rows[row * dimensions + j] = centre + 1.4 * (random() + random() + random() - 1.5);
    }
  }
  return rows;
}

/** Share of the ten nearest points on the plane that are of the same cloud. */
function purity(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let same = 0;
  for (let row = 0; row < x.length; row++) {
    const near = Array.from({ length: x.length }, (_, other) => other)
      .filter((other) => other !== row)
      .map((other) => ({ other, far: (x[row]! - x[other]!) ** 2 + (y[row]! - y[other]!) ** 2 }))
      .sort((a, b) => a.far - b.far)
      .slice(0, 10);
    same += near.filter(({ other }) => other % classes === row % classes).length;
  }
  return same / (10 * x.length);
}

t.test('UMAP keeps clouds apart that PCA lays over each other', { timeout: 300_000 }, async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'lineside-umap-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const path = join(dir, 'embeddings');
  const count = 700;
  const rows = clouds(count);
  await writeFile(path, new Uint8Array(rows.buffer));
  const input = { path, count, dimensions, seed: 1 };

  const pca = unitRows(project(rows, dimensions, 1));
  const column = (j: number) =>
    Float64Array.from({ length: count }, (_, row) => pca.rows[row * pca.dimensions + j]!);
  const flat = purity(column(0), column(1));
  const progress: number[] = [];
  const all = await layOut(
    { ...input, mostFitted: 1000 },
    { onProgress: (done) => void progress.push(done) },
  );
  const umap = purity(all.x, all.y);
  t.comment(`purity: PCA ${flat.toFixed(3)}, UMAP ${umap.toFixed(3)}`);
  t.ok(umap > 0.9 && umap > flat + 0.2, `UMAP ${umap.toFixed(3)}, PCA ${flat.toFixed(3)}`);
  t.equal(all.fitted, count);
  t.ok([...all.x, ...all.y].every((value) => value >= -1 && value <= 1));
  t.strictSame(
    progress,
    progress.toSorted((a, b) => a - b),
    'progress rises',
  );

  const some = await layOut({ ...input, mostFitted: 350 });
  t.equal(some.fitted, 350);
  const placed = purity(some.x, some.y);
  t.ok(placed > 0.85, `half fitted, half placed: ${placed.toFixed(3)}`);
  const again = await layOut({ ...input, mostFitted: 350 });
  t.strictSame(again, some, 'the same seed, the same map');
  const stop = AbortSignal.abort();
  await t.rejects(layOut({ ...input, mostFitted: 350 }, { signal: stop }), { code: 'training_cancelled' });
  for (const few of [1, 2, 3]) {
    t.equal((await layOut({ ...input, count: few, mostFitted: 350 })).x.length, few);
  }
});
