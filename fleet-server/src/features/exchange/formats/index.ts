import { coco } from './coco.js';
import { Collector } from './collector.js';
import { cvat } from './cvat.js';
import type { ArchiveIndex, Format, ReadIssue, ReadPicture } from './format.js';
import { imageFolder } from './image-folder.js';
import { labelStudio } from './label-studio.js';
import { voc } from './voc.js';
import { yoloDetect } from './yolo.js';

export const formatNames = [
  'image-folder',
  'coco',
  'yolo-detect',
  'yolo-classify',
  'voc',
  'cvat',
  'label-studio',
] as const;
export type FormatName = (typeof formatNames)[number];

export const formats: Readonly<Record<FormatName, Format>> = {
  'image-folder': imageFolder({ alwaysSplit: false }),
  'yolo-classify': imageFolder({ alwaysSplit: true }),
  'yolo-detect': yoloDetect,
  coco,
  voc,
  cvat,
  'label-studio': labelStudio,
};

/** The more telling first; anything is a folder of pictures. */
const guesses: readonly FormatName[] = ['cvat', 'voc', 'coco', 'label-studio', 'yolo-detect', 'image-folder'];

export interface ReadArchive {
  format: FormatName;
  pictures: ReadPicture[];
  issues: ReadIssue[];
  ignored: Record<string, number>;
}

/**
 * What an archive says, by the format that is named or that it looks like.
 * @throws LinesideError `archive_invalid`, `payload_too_large`
 */
export async function readArchive(archive: ArchiveIndex, named: FormatName | 'auto'): Promise<ReadArchive> {
  const format = named === 'auto' ? await guess(archive) : named;
  const into = new Collector(archive.names);
  await formats[format].read(archive, into);
  return { format, ...into.result(), ignored: Object.fromEntries(into.ignored) };
}

async function guess(archive: ArchiveIndex): Promise<FormatName> {
  for (const name of guesses) if (await formats[name].detect(archive)) return name;
  return 'image-folder';
}
