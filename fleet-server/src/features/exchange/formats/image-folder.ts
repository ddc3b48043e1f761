import type { Collector } from './collector.js';
import { splitWord } from './collector.js';
import type { ArchiveFile, ExportSource, Format } from './format.js';
import { fromFileName, toFileName } from './safe-name.js';

/** A folder for each class, in a folder for each split: torchvision's ImageFolder, and YOLO's classification sets. */
export const imageFolder = (options: { alwaysSplit: boolean }): Format => ({
  carries: 'labelled',

  async *write({ frames }: ExportSource): AsyncGenerator<ArchiveFile> {
    for await (const { fileName, sha256, className, split } of frames()) {
      if (className === null) continue;
      const folder = [split ?? (options.alwaysSplit ? 'train' : null), toFileName(className)];
      yield { name: [...folder.filter((part) => part !== null), fileName].join('/'), sha256 };
    }
  },

  detect: () => true,

  read(_archive, into: Collector): void {
    const all = into.pictures.names.map((name) => ({ name, folders: name.split('/').slice(0, -1) }));
    while (all.length > 0 && isWrapper(all)) for (const each of all) each.folders.shift();
    for (const { name, folders } of all) {
      const [first, second] = folders;
      const picture = into.entry(name);
      if (first === undefined) continue;
      const split = second === undefined ? null : splitWord(first);
      picture.split = split;
      into.addClass(picture, fromFileName(split === null ? first : second!));
    }
  },
});

/** A folder that holds everything and is neither a split nor a class. */
function isWrapper(all: readonly { folders: readonly string[] }[]): boolean {
  const first = all[0]!.folders[0];
  return (
    first !== undefined &&
    splitWord(first) === null &&
    all.every(({ folders }) => folders[0] === first && folders.length >= 2)
  );
}
