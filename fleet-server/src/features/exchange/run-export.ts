import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LinesideError } from '@lineside/shared';
import { makeZip } from 'client-zip';
import { asc } from 'drizzle-orm';
import { classes } from '../../db/schema.js';
import { syncFolder } from '../../files/durable.js';
import { toStorageError } from '../../files/errno.js';
import type { Services } from '../../services.js';
import { exportFrames } from './export-frames.js';
import { filesOf, readJsonLines } from './files.js';
import type { ArchiveFile, ExportFrame, ExportSource, ExportSplit } from './formats/format.js';
import { type FormatName, formats } from './formats/index.js';
import type { ExportOptions } from './schemas.js';

export interface ExportOf {
  id: string;
  format: FormatName;
  options: ExportOptions;
  /** Of every file in the archive, so that the same frames give the same bytes. */
  at: Date;
}

/**
 * Writes the archive. The frames are listed first: a label that changes meanwhile would else stand in one file and not in
 * another.
 * @param report is told how many of how many frames are written
 * @returns bytes of the archive
 * @throws LinesideError `dataset_empty`, `blob_missing`, `blob_corrupt`, `storage_*`; what `signal` aborts with
 */
export async function writeExport(
  services: Services,
  { id, format, options, at }: ExportOf,
  signal: AbortSignal,
  report: (done: number, total: number) => void,
): Promise<number> {
  const files = filesOf(services.dataDir, id);
  const temp = `${files.archive}.tmp`;
  try {
    await mkdir(files.folder, { recursive: true });
    const listed = await list(services, options, formats[format].carries, files.frames, signal);
    if (listed.frames === 0) throw new LinesideError('dataset_empty', 'There is no frame to export.');
    const rows = await services.database.db.select().from(classes).orderBy(asc(classes.position));
    const source: ExportSource = {
      classes: rows
        .filter(({ name }) => listed.classes.has(name))
        .map(({ name, colour }) => ({ name, colour })),
      splits: ([null, 'train', 'test'] as const).filter((split) => listed.splits.has(split)),
      frames: () => readJsonLines<ExportFrame>(files.frames),
    };
    const pictures = options.pictures ?? true;
    report(0, listed.frames);
    let done = 0;
    async function* entries() {
      for await (const file of formats[format].write(source, pictures)) {
        signal.throwIfAborted();
        yield { name: file.name, lastModified: at, input: await contentOf(services, file) };
        if ('sha256' in file) report(++done, listed.frames);
      }
    }
    await pipeline(Readable.fromWeb(makeZip(entries()) as never), createWriteStream(temp), { signal });
    const handle = await open(temp, 'r+');
    await handle.sync().finally(() => handle.close());
    await rename(temp, files.archive);
    await syncFolder(files.folder);
    return (await stat(files.archive)).size;
  } catch (error) {
    if (signal.aborted) throw error;
    throw toStorageError(error);
  }
}

const contentOf = ({ blobs }: Services, file: ArchiveFile) =>
  'sha256' in file ? blobs.read(file.sha256) : textOf(file.text);

/** An empty file needs one piece too. */
async function* textOf(text: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  let some = false;
  for await (const part of text) {
    if (part === '') continue;
    some = true;
    yield part;
  }
  if (!some) yield '';
}

/** Writes the frames down as they are now; what happens to their labels afterwards does not come in. */
async function list(
  { database: { db } }: Services,
  options: ExportOptions,
  carries: 'labelled' | 'any',
  path: string,
  signal: AbortSignal,
) {
  const splits = new Set<ExportSplit | null>();
  const names = new Set<string>();
  let count = 0;
  async function* lines() {
    for await (const frame of exportFrames(db, options, signal)) {
      if (carries === 'labelled' && frame.className === null) continue;
      count++;
      splits.add(frame.split);
      if (frame.className !== null) names.add(frame.className);
      for (const { className } of frame.boxes) names.add(className);
      yield `${JSON.stringify(frame)}\n`;
    }
  }
  await pipeline(lines(), createWriteStream(path), { signal });
  return { frames: count, splits, classes: names };
}
