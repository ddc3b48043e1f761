import { type ErrorCode, isLinesideError, LinesideError } from '@lineside/shared';
import type { Services } from '../../services.js';
import type { OpenArchive } from './archive.js';
import type { NamedBox, ReadPicture } from './formats/format.js';
import { toPixels, touches } from './pixels.js';
import type { PlanLine } from './plan.js';
import { type TakenPicture, takePicture } from './take-picture.js';

export interface Issue {
  name: string;
  code: ErrorCode;
  message: string;
}

/** What one line of the plan comes to, before the database is asked. */
export interface Prepared {
  line: number;
  name: string;
  /** Null: the picture is not in the archive, and the frame is looked for by its id. */
  picture: TakenPicture | null;
  /** Null: nothing goes in. */
  read: ReadPicture | null;
  classId: string | null;
  issues: Issue[];
}

/** Failures of this server and not of the file: they end the import, which can be taken up again. */
const ours = new Set<string>(['storage_full', 'storage_failed', 'database_unavailable', 'internal']);

/** Stores the picture of a line and says what is to be written of it. @throws LinesideError `storage_*` */
export async function prepare(
  services: Services,
  archive: OpenArchive,
  classIds: ReadonlyMap<string, string | null>,
  line: number,
  planned: PlanLine,
): Promise<Prepared> {
  if ('issue' in planned) {
    return {
      line,
      name: planned.issue.name,
      picture: null,
      read: null,
      classId: null,
      issues: [planned.issue],
    };
  }
  const { picture: read } = planned;
  const prepared: Prepared = { line, name: read.name, picture: null, read, classId: null, issues: [] };
  if (read.entry !== null) {
    try {
      prepared.picture = await takePicture(archive, services.blobs, read.entry);
    } catch (error) {
      if (!isLinesideError(error) || ours.has(error.code)) throw error;
      return {
        ...prepared,
        read: null,
        issues: [{ name: read.name, code: error.code, message: error.message }],
      };
    }
  }
  prepared.classId = classOf(prepared, read.classNames, classIds);
  return prepared;
}

function classOf(
  { issues, name }: Prepared,
  classNames: readonly string[],
  classIds: ReadonlyMap<string, string | null>,
): string | null {
  if (classNames.length > 1) {
    issues.push({
      name,
      code: 'label_ambiguous',
      message: `Left without a label: ${classNames.join(', ')}.`,
    });
    return null;
  }
  const [className] = classNames;
  if (className === undefined) return null;
  const id = classIds.get(className) ?? null;
  if (id === null)
    issues.push({ name, code: 'class_unknown', message: `Left without a label: ${className}.` });
  return id;
}

export interface PlacedBox extends Omit<NamedBox, 'className'> {
  classId: string;
}

/** Boxes in pixels with their classes; what cannot be kept of them becomes an issue. */
export function boxesOf(
  { issues, name, read }: Prepared,
  size: { width: number; height: number },
  classIds: ReadonlyMap<string, string | null>,
): PlacedBox[] {
  const unknown = new Set<string>();
  const placed: PlacedBox[] = [];
  for (const box of read?.boxes ?? []) {
    const { className, ...place } = toPixels(box, size);
    const classId = classIds.get(className) ?? null;
    if (classId === null) unknown.add(className);
    else if (touches({ className, ...place }, size)) placed.push({ classId, ...place });
    else issues.push({ name, code: 'annotation_invalid', message: 'A box lies outside of the picture.' });
  }
  if (unknown.size > 0) {
    issues.push({ name, code: 'class_unknown', message: `Boxes left out: ${[...unknown].join(', ')}.` });
  }
  return placed;
}

export const cancelled = () => new LinesideError('transfer_state', 'It was cancelled or taken over.');
