import { type Collector, splitWord } from './collector.js';
import type { ArchiveFile, ArchiveIndex, ExportFrame, ExportSource, Format, ReadPicture } from './format.js';
import { extensionOf, stemOf } from './picture-index.js';
import { fromFileName, toFileName } from './safe-name.js';
import { asNumber } from './values.js';
import { childOf, readXml, textOf, type XmlElement, xmlText } from './xml.js';

const imageSet = /(?:^|\/)ImageSets\/Main\/([^/]+)\.txt$/;

/**
 * Boxes stand in `Annotations/<name>.xml`; `ImageSets/Main/<class>_<set>.txt` says of each picture whether it is of the class
 * (1) or not (-1), as in the challenge's classification task. Corners are those of the box, not of its last pixels.
 */
export const voc: Format = {
  carries: 'any',

  async *write(source: ExportSource, pictures: boolean): AsyncGenerator<ArchiveFile> {
    for (const split of source.splits) {
      const set = split ?? 'default';
      const ofSet = async function* (line: (frame: ExportFrame) => string) {
        for await (const frame of source.frames()) if (frame.split === split) yield line(frame);
      };
      yield { name: `ImageSets/Main/${set}.txt`, text: ofSet(({ fileName }) => `${stemOf(fileName)}\n`) };
      for (const { name } of source.classes) {
        yield {
          name: `ImageSets/Main/${toFileName(name)}_${set}.txt`,
          text: ofSet(
            ({ fileName, className }) => `${stemOf(fileName)} ${className === name ? ' 1' : '-1'}\n`,
          ),
        };
      }
    }
    for await (const frame of source.frames()) {
      yield { name: `Annotations/${stemOf(frame.fileName)}.xml`, text: [annotation(frame)] };
      if (pictures) yield { name: `JPEGImages/${frame.fileName}`, sha256: frame.sha256 };
    }
  },

  async detect(archive): Promise<boolean> {
    if (archive.names.some((name) => imageSet.test(name))) return true;
    const file = archive.names.find((name) => extensionOf(name) === 'xml');
    return file !== undefined && /<annotation[\s>]/.test((await archive.text(file)).slice(0, 2000));
  },

  async read(archive: ArchiveIndex, into: Collector): Promise<void> {
    for (const name of archive.names.filter((each) => extensionOf(each) === 'xml')) {
      await into.parse(name, async () => readAnnotation(await archive.text(name), name, into));
    }
    const sets: ImageSet[] = [];
    for (const name of archive.names.filter((each) => imageSet.test(each))) {
      const rows = await into.parse(name, async () => readRows(await archive.text(name), into));
      if (rows) sets.push({ stem: stemOf(name), rows });
    }
    const splits = sets.filter(({ rows }) => rows.every(({ sign }) => sign === null)).map(({ stem }) => stem);
    for (const set of sets) readSet(set, splits, into);
  },
};

function annotation({ fileName, width, height, boxes }: ExportFrame): string {
  const objects = boxes.map(
    (box) =>
      `  <object>\n    <name>${xmlText(box.className)}</name>\n    <pose>Unspecified</pose>\n` +
      '    <truncated>0</truncated>\n    <difficult>0</difficult>\n' +
      `    <bndbox><xmin>${box.x}</xmin><ymin>${box.y}</ymin>` +
      `<xmax>${box.x + box.width}</xmax><ymax>${box.y + box.height}</ymax></bndbox>\n  </object>\n`,
  );
  return (
    `<annotation>\n  <folder>JPEGImages</folder>\n  <filename>${xmlText(fileName)}</filename>\n` +
    `  <size><width>${width}</width><height>${height}</height><depth>3</depth></size>\n` +
    `  <segmented>0</segmented>\n${objects.join('')}</annotation>\n`
  );
}

/** What says nothing when it is at its default. */
const silent: Record<string, string> = { pose: 'Unspecified', truncated: '0', difficult: '0', occluded: '0' };
const ofPicture = new Set(['folder', 'filename', 'size', 'path']);

function readAnnotation(text: string, name: string, into: Collector): void {
  const children: XmlElement[] = [];
  const root = readXml(text, (element) => children.push(element));
  if (root !== 'annotation') throw new Error(`The root is ${root}, not annotation.`);
  const file = children.find((child) => child.name === 'filename')?.text.trim() || stemOf(name);
  const picture = pictureOf(file, stemOf(name), into);
  if (!picture) return;
  for (const child of children) {
    if (child.name === 'object') readObject(child, picture, into);
    else if (!ofPicture.has(child.name) && !(child.name === 'segmented' && child.text.trim() === '0')) {
      into.ignore(`annotation.${child.name}`);
    }
  }
}

/** Annotation and picture have the same name; some tools write another one, or none that fits, into `filename`. */
function pictureOf(file: string, stem: string, into: Collector): ReadPicture | null {
  const entry = into.pictures.find(file) ?? into.pictures.findStem(stem);
  return entry === null || entry === 'ambiguous' ? into.picture(file) : into.entry(entry);
}

function readObject(object: XmlElement, picture: ReadPicture, into: Collector): void {
  const className = textOf(object, 'name');
  const bounds = childOf(object, 'bndbox');
  for (const { name, text } of object.children) {
    if (name === 'name' || name === 'bndbox' || text.trim() === silent[name]) continue;
    into.ignore(`object.${name}`);
  }
  if (className === null || !bounds) {
    into.issue(picture.name, 'annotation_invalid', 'An object has no name or no box.');
    return;
  }
  const [x, y, right, bottom] = ['xmin', 'ymin', 'xmax', 'ymax'].map((edge) =>
    asNumber(textOf(bounds, edge)),
  ) as [number, number, number, number];
  into.addBox(picture, { className, x, y, width: right - x, height: bottom - y }, 'pixel');
}

interface ImageSet {
  stem: string;
  rows: { picture: string; sign: string | null }[];
}

const readRows = (text: string, into: Collector): ImageSet['rows'] =>
  text.split(/\r?\n/).flatMap((line) => {
    const whole = line.trim();
    if (whole === '') return [];
    const [, picture, sign] = /^(.*\S)\s+(-1|0|1)$/.exec(whole) ?? [];
    if (!picture || !sign || into.pictures.findStem(whole) !== null) return { picture: whole, sign: null };
    return { picture, sign };
  });

/** `<split>.txt` lists a split; `<class>_<split>.txt` says which of its pictures are of the class. */
function readSet({ stem, rows }: ImageSet, splits: readonly string[], into: Collector): void {
  const [split] = splits.filter((each) => stem.endsWith(`_${each}`)).sort((a, b) => b.length - a.length);
  const suffix = split ?? /_(train|val|trainval|test|default)$/.exec(stem)?.[1];
  for (const { picture: name, sign } of rows) {
    const entry = into.pictures.findStem(name);
    if (entry === 'ambiguous') continue;
    const picture = into.entry(entry, name);
    if (sign === null) picture.split ??= splitWord(stem);
    else if (sign === '1' && suffix !== undefined) {
      into.addClass(picture, fromFileName(stem.slice(0, -suffix.length - 1)));
    } else if (sign === '0') into.ignore('ImageSets.difficult');
  }
}
