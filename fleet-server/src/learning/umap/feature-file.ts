import { type FileHandle, open } from 'node:fs/promises';
import { fitProjection, type Projected, sampleOf } from '../order/projection.js';

const rowsAtOnce = 2000;

/** Rows of a float32 file [count, dimensions], projected piece by piece: the whole is never in memory. */
export async function projectFile(
  path: string,
  count: number,
  dimensions: number,
  seed: number,
): Promise<Projected> {
  const file = await open(path, 'r');
  try {
    const chosen = sampleOf(count, seed);
    const sample = new Float32Array(chosen.length * dimensions);
    for (const [at, row] of chosen.entries()) {
      sample.set(await rowsOf(file, row, 1, dimensions), at * dimensions);
    }
    const projection = fitProjection(sample, dimensions);
    const rows = new Float64Array(count * projection.dimensions);
    for (let from = 0; from < count; from += rowsAtOnce) {
      const some = await rowsOf(file, from, Math.min(rowsAtOnce, count - from), dimensions);
      rows.set(projection.apply(some), from * projection.dimensions);
    }
    return { rows, dimensions: projection.dimensions };
  } finally {
    await file.close();
  }
}

async function rowsOf(
  file: FileHandle,
  from: number,
  count: number,
  dimensions: number,
): Promise<Float32Array> {
  const rows = new Float32Array(count * dimensions);
  const bytes = new Uint8Array(rows.buffer);
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesRead } = await file.read(bytes, done, bytes.byteLength - done, from * dimensions * 4 + done);
    if (bytesRead === 0) throw new Error('the file of embeddings is cut short');
    done += bytesRead;
  }
  return rows;
}
