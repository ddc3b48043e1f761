import { readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { writeDurable } from '../../files/durable.js';
import type { EpochRecord } from './progress.js';

/** All that a run needs to go on after an epoch as if nothing had happened. */
export interface Checkpoint {
  /** Hash of everything that determines the run; a checkpoint of another run is no checkpoint. */
  readonly fingerprint: string;
  readonly history: readonly EpochRecord[];
  readonly bestEpoch: number;
  /** Steps taken by the optimiser. */
  readonly steps: number;
  /** Parameters and moments of every group after the last epoch. */
  readonly state: readonly Float32Array[];
  /** Parameters of every group after the best epoch. */
  readonly best: readonly Float32Array[];
}

type Header = Omit<Checkpoint, 'state' | 'best'> & {
  readonly stateSizes: number[];
  readonly bestSizes: number[];
};

/**
 * One file: length of the header (uint32), header (JSON), float32 vectors, CRC-32 of all before it; little-endian. It
 * replaces the last one atomically.
 * @throws LinesideError `storage_full`, `storage_failed`
 */
export async function writeCheckpoint(path: string, { state, best, ...rest }: Checkpoint): Promise<void> {
  const header: Header = {
    ...rest,
    stateSizes: state.map(({ length }) => length),
    bestSizes: best.map(({ length }) => length),
  };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const vectors = [...state, ...best].map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength),
  );
  const body = Buffer.concat([length, text, ...vectors]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(body));
  await writeDurable(path, Buffer.concat([body, sum]));
}

/** The checkpoint of the run with this fingerprint; undefined when there is none, it is damaged, or of another run. */
export async function readCheckpoint(path: string, fingerprint: string): Promise<Checkpoint | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  if (!bytes || bytes.length < 8) return undefined;
  const body = bytes.subarray(0, -4);
  if (crc32(body) !== bytes.readUInt32LE(body.length)) return undefined;
  let at = 4 + body.readUInt32LE(0);
  const header = JSON.parse(body.toString('utf8', 4, at)) as Header;
  if (header.fingerprint !== fingerprint) return undefined;
  const take = (size: number) => {
    const vector = new Float32Array(new Uint8Array(body.subarray(at, at + 4 * size)).buffer);
    at += 4 * size;
    return vector;
  };
  const { stateSizes, bestSizes, ...rest } = header;
  return { ...rest, state: stateSizes.map(take), best: bestSizes.map(take) };
}
