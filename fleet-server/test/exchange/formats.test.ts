import { LinesideError } from '@lineside/shared';
import fc from 'fast-check';
import t from 'tap';
import type {
  ArchiveFile,
  ArchiveIndex,
  ExportFrame,
  ExportSource,
  NamedBox,
} from '../../src/features/exchange/formats/format.js';
import {
  type FormatName,
  formatNames,
  formats,
  readArchive,
} from '../../src/features/exchange/formats/index.js';
import { fromFileName, toFileName } from '../../src/features/exchange/formats/safe-name.js';
import { toPixels } from '../../src/features/exchange/pixels.js';

const folders = new Set<FormatName>(['image-folder', 'yolo-classify']);
const boxesOnly = new Set<FormatName>(['yolo-detect']);

function archiveOf(files: Record<string, string>): ArchiveIndex {
  return {
    names: Object.keys(files),
    async text(name) {
      const text = files[name];
      if (text === undefined) throw new LinesideError('archive_invalid', name);
      return text;
    },
  };
}

async function filesOf(written: AsyncIterable<ArchiveFile> | Iterable<ArchiveFile>) {
  const files: Record<string, string> = {};
  for await (const file of written) {
    let text = 'a picture';
    if ('text' in file) {
      text = '';
      for await (const part of file.text) text += part;
    }
    if (files[file.name] !== undefined) throw new Error(`${file.name} is there twice`);
    files[file.name] = text;
  }
  return files;
}

const sourceOf = (classNames: readonly string[], frames: readonly ExportFrame[]): ExportSource => ({
  classes: classNames.map((name) => ({ name, colour: '#0072b2' })),
  splits: ([null, 'train', 'test'] as const).filter((split) => frames.some((frame) => frame.split === split)),
  async *frames() {
    yield* frames;
  },
});

const rounded = ({ className, ...box }: NamedBox) =>
  toPixels({ className, ...box, unit: 'pixel' }, { width: 1, height: 1 });

// Names as people type them: trimmed, and without what no text format can hold.
const className = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 12 })
  .map((text) => text.trim())
  .filter((text) => text !== '' && !/[\p{Cc}\p{Cs}\p{Cn}\p{Z}]/u.test(text.replaceAll(' ', '')));
const pixel = (most: number) => fc.integer({ min: 0, max: most * 100 }).map((n) => n / 100);
const world = fc
  .uniqueArray(className, { minLength: 1, maxLength: 5, selector: (name) => name.toLowerCase() })
  .chain((classes) => {
    const box = fc.record({
      className: fc.constantFrom(...classes),
      x: pixel(600),
      y: pixel(400),
      width: pixel(300).map((n) => n + 0.5),
      height: pixel(300).map((n) => n + 0.5),
    });
    const frame = fc.record({
      width: fc.integer({ min: 1, max: 5000 }),
      height: fc.integer({ min: 1, max: 5000 }),
      className: fc.option(fc.constantFrom(...classes)),
      boxes: fc.array(box, { maxLength: 4 }),
      split: fc.constantFrom('train' as const, 'test' as const),
    });
    return fc.record({
      classes: fc.constant(classes),
      frames: fc.array(frame, { minLength: 1, maxLength: 6 }),
      splits: fc.boolean(),
      pictures: fc.boolean(),
    });
  });

for (const name of formatNames) {
  t.test(`${name}: what is written is read again`, async () => {
    await fc.assert(
      fc.asyncProperty(world, async ({ classes, frames: drawn, splits, pictures }) => {
        const frames: ExportFrame[] = drawn.map((frame, at) => ({
          ...frame,
          fileName: `0192f000-0000-7000-8000-${String(at).padStart(12, '0')}.jpg`,
          sha256: String(at),
          split: splits ? frame.split : null,
        }));
        const folder = folders.has(name);
        const files = await filesOf(formats[name].write(sourceOf(classes, frames), pictures || folder));
        const read = await readArchive(archiveOf(files), 'auto');
        const stem = (path: string) => path.replace(/^.*\//, '').replace(/\.jpg$/, '');
        const found = new Map(read.pictures.map((picture) => [stem(picture.name), picture]));
        if (read.issues.length > 0) throw new Error(JSON.stringify(read.issues));
        for (const frame of frames) {
          const picture = found.get(stem(frame.fileName));
          const unsaid = (folder && frame.className === null) || (!pictures && !folder && !picture);
          if (unsaid) continue;
          if (!picture) throw new Error(`${frame.fileName} is lost`);
          const given = {
            entry: picture.entry !== null,
            classNames: picture.classNames,
            boxes: picture.boxes.map((box) => toPixels(box, frame)),
          };
          const expected = {
            entry: pictures || folder,
            classNames: frame.className === null || boxesOnly.has(name) ? [] : [frame.className],
            boxes: folder ? [] : frame.boxes.map(rounded),
          };
          if (JSON.stringify(given) !== JSON.stringify(expected)) {
            throw new Error(`${JSON.stringify(given)}\nis not\n${JSON.stringify(expected)}`);
          }
          if (splits && (pictures || folder) && picture.split !== frame.split) {
            throw new Error(`${picture.split} is not ${frame.split}`);
          }
        }
        if (name !== 'yolo-classify' && read.format !== name) throw new Error(`taken for ${read.format}`);
      }),
      { numRuns: 60 },
    );
  });
}

t.test('class names as file names', async (t) => {
  fc.assert(
    fc.property(className, (name) => {
      const file = toFileName(name);
      if (/[/\\:*?"<>|]|^\.|[. ]$/.test(file) || fromFileName(file) !== name) throw new Error(file);
    }),
  );
  t.equal(fromFileName('50% off'), '50% off', 'a folder of others is taken as it is');
});
