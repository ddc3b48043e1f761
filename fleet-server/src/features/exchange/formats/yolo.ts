import { parse, stringify } from 'yaml';
import type { Collector } from './collector.js';
import type { ArchiveFile, ArchiveIndex, ExportFrame, ExportSource, Format } from './format.js';
import { baseOf, extensionOf, folderOf, stemOf } from './picture-index.js';
import { asText, isObject } from './values.js';

const known = new Set(['path', 'train', 'val', 'test', 'nc', 'names']);
const isYaml = (name: string) => /^ya?ml$/.test(extensionOf(name));
/** A list of class names of Darknet, or of labelImg. */
const isNames = (name: string) => /^(obj\.names|classes\.txt)$/.test(baseOf(name));
/** Lists of pictures of Darknet. */
const isPictureList = (name: string) =>
  /^(train|val|valid|test)\.txt$/.test(baseOf(name)) || baseOf(name) === 'obj.data';

/** Detection as Ultralytics has it: `images/<split>`, `labels/<split>`, and `data.yaml` with the names. */
export const yoloDetect: Format = {
  carries: 'any',

  async *write(source: ExportSource, pictures: boolean): AsyncGenerator<ArchiveFile> {
    const classes = new Map(source.classes.map(({ name }, at) => [name, at]));
    yield { name: 'data.yaml', text: [dataYaml(source)] };
    for await (const frame of source.frames()) {
      const folder = frame.split ?? 'train';
      if (pictures) yield { name: `images/${folder}/${frame.fileName}`, sha256: frame.sha256 };
      yield { name: `labels/${folder}/${stemOf(frame.fileName)}.txt`, text: [lines(frame, classes)] };
    }
  },

  detect: ({ names }) =>
    names.some(isNames) ||
    (names.some(isYaml) && names.some((name) => extensionOf(name) === 'txt' && /(^|\/)labels\//.test(name))),

  async read(archive: ArchiveIndex, into: Collector): Promise<void> {
    const classes = await readNames(archive, into);
    for (const name of archive.names) {
      if (isPictureList(name)) into.used(name);
      else if (extensionOf(name) === 'txt' && !isNames(name) && isLabels(name, into)) {
        await into.parse(name, async () => readLabels(await archive.text(name), name, classes, into));
      }
    }
  },
};

function dataYaml({ classes, splits }: ExportSource): string {
  const held = splits.includes('test');
  return stringify({
    path: '.',
    train: 'images/train',
    // The format needs a set to watch training by; what is held out serves as one.
    val: held ? 'images/test' : 'images/train',
    ...(held ? { test: 'images/test' } : {}),
    names: Object.fromEntries(classes.map(({ name }, at) => [at, name])),
  });
}

const lines = ({ boxes, width, height }: ExportFrame, classes: ReadonlyMap<string, number>): string =>
  boxes
    .map((box) => {
      const centre = [(box.x + box.width / 2) / width, (box.y + box.height / 2) / height];
      return `${[classes.get(box.className), ...centre, box.width / width, box.height / height].join(' ')}\n`;
    })
    .join('');

async function readNames(archive: ArchiveIndex, into: Collector): Promise<Map<string, string>> {
  const classes = new Map<string, string>();
  for (const name of archive.names.filter((each) => isYaml(each) || isNames(each))) {
    await into.parse(name, async () => {
      const text = await archive.text(name);
      if (isNames(name)) {
        for (const [at, line] of text.split(/\r?\n/).entries()) {
          if (line.trim() !== '') classes.set(String(at), line.trim());
        }
        return;
      }
      const document: unknown = parse(text);
      if (!isObject(document)) throw new Error('The YAML is no mapping.');
      into.ignoreOthers(baseOf(name), document, known);
      for (const [at, className] of Object.entries(document.names ?? {})) {
        const given = asText(className);
        if (given !== null) classes.set(at, given);
      }
    });
  }
  return classes;
}

const isLabels = (name: string, into: Collector): boolean =>
  /(^|\/)labels\//.test(name) || typeof pictureOf(name, into) === 'string';

/** `labels/train/a.txt` is of `images/train/a.jpg`; Darknet has it beside the picture. */
function pictureOf(name: string, into: Collector): string | 'ambiguous' | null {
  const folder = folderOf(name).replace(/(^|\/)labels(?=\/|$)/, '$1images');
  return into.pictures.findStem(stemOf(name), folder);
}

function readLabels(text: string, name: string, classes: ReadonlyMap<string, string>, into: Collector): void {
  const entry = pictureOf(name, into);
  if (entry === 'ambiguous') throw new Error('Several pictures of the archive have this name.');
  const picture = into.entry(entry, stemOf(name));
  for (const line of text.split(/\r?\n/)) {
    const [index, ...numbers] = line.trim().split(/\s+/);
    if (index === undefined || index === '') continue;
    const className = classes.get(index);
    if (className === undefined) {
      into.issue(picture.name, 'annotation_invalid', `Class ${index.slice(0, 40)} has no name.`);
      continue;
    }
    if (numbers.length > 5) {
      into.ignore('labels.polygon');
      continue;
    }
    if (numbers.length === 5) into.ignore('labels.confidence');
    const [cx = Number.NaN, cy = Number.NaN, width = Number.NaN, height = Number.NaN] = numbers.map(Number);
    into.addBox(picture, { className, x: cx - width / 2, y: cy - height / 2, width, height }, 'share');
  }
}
