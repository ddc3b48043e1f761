import type { FileHandle } from 'node:fs/promises';
import { LinesideError } from '@lineside/shared';

const block = 512;
const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`;
const sumOf = (header: Buffer) =>
  header.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);

/** The header of a plain file (POSIX.1-1988 ustar); its content follows, filled up with `tarPadding`. */
export function tarHeader(name: string, length: number): Buffer {
  const header = Buffer.alloc(block);
  header.write(name, 0, 100, 'ascii');
  header.write(octal(0o644, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(length, 12), 124);
  header.write(octal(0, 12), 136);
  header.write('0', 156);
  header.write('ustar\x0000', 257, 'latin1');
  header.write(`${octal(sumOf(header), 7)} `, 148);
  return header;
}

export const tarPadding = (length: number): Buffer => Buffer.alloc((block - (length % block)) % block);
export const tarEnd = Buffer.alloc(2 * block);

export interface TarEntry {
  readonly name: string;
  /** Where in the archive its content begins. */
  readonly offset: number;
  readonly length: number;
}

/**
 * The plain files of an archive; nothing is unpacked.
 * @throws LinesideError `artifact_corrupt` when it is no such archive, is cut short, or has more than `most` entries
 */
export async function readTar(file: FileHandle, most: number): Promise<TarEntry[]> {
  const corrupt = (why: string) => new LinesideError('artifact_corrupt', `The archive ${why}.`);
  const { size } = await file.stat();
  const entries: TarEntry[] = [];
  const header = Buffer.alloc(block);
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(header, 0, block, at);
    if (bytesRead < block) throw corrupt('is cut short');
    if (header.every((byte) => byte === 0)) return entries;
    const number = (from: number, width: number) =>
      Number.parseInt(header.toString('latin1', from, from + width).replace(/[\0 ].*$/s, ''), 8);
    if (header.toString('latin1', 257, 262) !== 'ustar' || number(148, 8) !== sumOf(header)) {
      throw corrupt('is not a tar archive');
    }
    const length = number(124, 12);
    const kind = header.toString('latin1', 156, 157);
    if (!Number.isSafeInteger(length) || (kind !== '0' && kind !== '\0')) throw corrupt('has an odd entry');
    const offset = at + block;
    if (offset + length > size) throw corrupt('is cut short');
    entries.push({ name: header.toString('ascii', 0, 100).replace(/\0.*$/s, ''), offset, length });
    if (entries.length > most) throw corrupt(`has more than ${most} entries`);
    at = offset + length + ((block - (length % block)) % block);
  }
}
