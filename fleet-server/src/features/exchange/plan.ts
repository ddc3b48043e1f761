import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import type { ReadIssue, ReadPicture } from './formats/format.js';
import type { ReadArchive } from './formats/index.js';
import type { ArchiveContents } from './schemas.js';

/** One line of the plan of an import. */
export type PlanLine = { picture: ReadPicture } | { issue: ReadIssue };

const linesPerWrite = 500;

/** Writes the plan down, whole or not at all. @returns what it holds; the classes are not looked up */
export function writePlan(path: string, { pictures, issues, ignored }: ReadArchive): ArchiveContents {
  const temp = `${path}.tmp`;
  const file = openSync(temp, 'w', 0o640);
  try {
    const lines: PlanLine[] = [];
    const flush = () => {
      if (lines.length > 0) writeSync(file, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
      lines.length = 0;
    };
    const add = (line: PlanLine) => {
      if (lines.push(line) >= linesPerWrite) flush();
    };
    for (const picture of pictures) add({ picture });
    for (const issue of issues) add({ issue });
    flush();
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temp, path);
  return { ...countsOf(pictures), lines: pictures.length + issues.length, ignored };
}

function countsOf(pictures: readonly ReadPicture[]) {
  const classes = new Map<string, { pictures: number; boxes: number }>();
  const count = (name: string, key: 'pictures' | 'boxes') => {
    const counts = classes.get(name) ?? { pictures: 0, boxes: 0 };
    counts[key]++;
    classes.set(name, counts);
  };
  let boxes = 0;
  for (const picture of pictures) {
    for (const name of picture.classNames) count(name, 'pictures');
    for (const { className } of picture.boxes) count(className, 'boxes');
    boxes += picture.boxes.length;
  }
  const missing = pictures.filter(({ entry }) => entry === null).length;
  return {
    ...{ pictures: pictures.length - missing, missing, boxes },
    classes: [...classes]
      .map(([name, counts]) => ({ name, ...counts, classId: null }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
