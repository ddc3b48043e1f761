import { LinesideError } from '@lineside/shared';

interface Entry {
  readonly dtype: string;
  readonly data_offsets: readonly [start: number, end: number];
}

/**
 * float32 tensors of a safetensors file by name, in memory of their own: length of the header (uint64), header (JSON), data;
 * little-endian.
 * @throws LinesideError `training_failed` when the bytes are something else.
 */
export function readSafetensors(bytes: Uint8Array): Map<string, Float32Array> {
  const damaged = (why: string) => new LinesideError('training_failed', `the trained weights: ${why}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length < 8 ? Number.NaN : Number(view.getBigUint64(0, true));
  if (!(8 + length <= bytes.length)) throw damaged('the file is cut short');
  let header: Record<string, Entry>;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<string, Entry>;
  } catch (error) {
    throw damaged((error as Error).message);
  }
  const data = bytes.subarray(8 + length);
  const entries = Object.entries(header).filter(([name]) => name !== '__metadata__');
  return new Map(
    entries.map(
      ([
        name,
        {
          dtype,
          data_offsets: [start, end],
        },
      ]) => {
        if (
          dtype !== 'F32' ||
          !(0 <= start && start <= end && end <= data.length) ||
          (end - start) % 4 !== 0
        ) {
          throw damaged(`${name} is not whole, or not of float32`);
        }
        return [name, new Float32Array(new Uint8Array(data.subarray(start, end)).buffer)];
      },
    ),
  );
}
