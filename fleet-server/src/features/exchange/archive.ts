import { crc32 } from 'node:zlib';
import { LinesideError } from '@lineside/shared';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import type { ArchiveIndex } from './formats/format.js';

/** A text that is larger could not be held as one. */
const mostTextBytes = 256 << 20;
const mostEntries = 2_000_000;
/** Pictures hardly shrink and annotations shrink twentyfold: what unpacks to more, beyond a GiB, is made to fill disks. */
const mostExpansion = 100;
const freeBytes = 2 ** 30;
const linkMode = 0o120000;
const modeMask = 0o170000;

export interface OpenArchive extends ArchiveIndex {
  /** The content of one file. @throws LinesideError `archive_invalid`, `image_too_large` */
  read(name: string, mostBytes: number): Promise<Buffer>;
  close(): void;
}

/**
 * Opens a zip archive for reading. Nothing is unpacked to where its names say, and an archive whose names lead out of it is
 * refused as a whole.
 * @throws LinesideError `archive_invalid`, `archive_unsafe`, `archive_bomb`
 */
export async function openArchive(path: string): Promise<OpenArchive> {
  let zip: ZipFile;
  try {
    zip = await openPromise(path, { lazyEntries: true, autoClose: false, strictFileNames: false });
  } catch (error) {
    throw new LinesideError('archive_invalid', (error as Error).message, { cause: error });
  }
  try {
    const entries = await indexOf(zip);
    return {
      names: [...entries.keys()],
      read: (name, mostBytes) => readEntry(zip, entries.get(name), name, mostBytes),
      async text(name) {
        const entry = entries.get(name);
        if (entry && entry.uncompressedSize > mostTextBytes) {
          throw new LinesideError('payload_too_large', `${name} has more than ${mostTextBytes >> 20} MiB.`);
        }
        return (await readEntry(zip, entry, name, mostTextBytes)).toString('utf8');
      },
      close: () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw error;
  }
}

async function indexOf(zip: ZipFile): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  if (zip.entryCount > mostEntries) throw new LinesideError('archive_bomb', 'It has too many files.');
  let unpacked = 0;
  const read = zip.eachEntry();
  for (;;) {
    const { value: entry, done } = await read.next().catch((error: Error) => {
      // Absolute paths and `..` are found by the library.
      const code = /relative path|absolute path|invalid characters/.test(error.message)
        ? 'archive_unsafe'
        : 'archive_invalid';
      throw new LinesideError(code, error.message, { cause: error });
    });
    if (done) return entries;
    const { fileName: name } = entry;
    if (((entry.externalFileAttributes >>> 16) & modeMask) === linkMode) {
      throw new LinesideError('archive_unsafe', `${name} is a link.`);
    }
    if (entry.isEncrypted()) throw new LinesideError('archive_unsafe', `${name} is encrypted.`);
    unpacked += entry.uncompressedSize;
    if (unpacked > mostExpansion * zip.fileSize + freeBytes) {
      throw new LinesideError('archive_bomb', `${zip.fileSize} bytes unpack to more than ${unpacked}.`);
    }
    if (name.endsWith('/')) continue;
    if (entries.has(name)) throw new LinesideError('archive_invalid', `${name} is there twice.`);
    entries.set(name, entry);
  }
}

async function readEntry(
  zip: ZipFile,
  entry: Entry | undefined,
  name: string,
  mostBytes: number,
): Promise<Buffer> {
  if (!entry) throw new LinesideError('archive_invalid', `${name} is not in the archive.`);
  if (entry.uncompressedSize > mostBytes) {
    throw new LinesideError(
      'image_too_large',
      `It has ${entry.uncompressedSize} bytes, and ${mostBytes} are allowed.`,
    );
  }
  const chunks: Buffer[] = [];
  try {
    const stream = await zip.openReadStreamPromise(entry);
    for await (const chunk of stream) chunks.push(chunk as Buffer);
  } catch (error) {
    throw new LinesideError('archive_invalid', `${name}: ${(error as Error).message}`, { cause: error });
  }
  const content = Buffer.concat(chunks);
  if (crc32(content) !== entry.crc32) {
    throw new LinesideError('archive_invalid', `${name} is damaged: its checksum does not fit.`);
  }
  return content;
}
