import type { Collector } from './collector.js';
import { splitWord } from './collector.js';
import type { ArchiveFile, ArchiveIndex, ExportFrame, ExportSource, ExportSplit, Format } from './format.js';
import { extensionOf, folderOf, stemOf } from './picture-index.js';
import { asList, asNumber, asText, isObject } from './values.js';
import { writeJsonLists } from './write-json.js';

/**
 * Boxes stand in `annotations/instances_<split>.json`. COCO has no place for a class of the whole picture: those stand in
 * `annotations/labels_<split>.json`, as annotations without a box, where Datumaro and CVAT look for them too.
 */
export const coco: Format = {
  carries: 'any',

  async *write(source: ExportSource, pictures: boolean): AsyncGenerator<ArchiveFile> {
    for (const split of source.splits) {
      const subset = split ?? 'default';
      yield { name: `annotations/labels_${subset}.json`, text: documentOf(source, split, labelsOf) };
      yield { name: `annotations/instances_${subset}.json`, text: documentOf(source, split, instancesOf) };
    }
    if (!pictures) return;
    for await (const { fileName, sha256, split } of source.frames()) {
      yield { name: `images/${split ?? 'default'}/${fileName}`, sha256 };
    }
  },

  async detect(archive): Promise<boolean> {
    const file = archive.names.find((name) => extensionOf(name) === 'json');
    if (file === undefined) return false;
    const text = await archive.text(file);
    return /"images"\s*:/.test(text) && /"annotations"\s*:/.test(text);
  },

  async read(archive: ArchiveIndex, into: Collector): Promise<void> {
    for (const name of archive.names.filter((each) => extensionOf(each) === 'json')) {
      await into.parse(name, async () => readDocument(JSON.parse(await archive.text(name)), name, into));
    }
  },
};

type Annotations = (frame: ExportFrame, categories: ReadonlyMap<string, number>) => object[];

const labelsOf: Annotations = ({ className }, categories) =>
  className === null ? [] : [{ category_id: categories.get(className) }];

const instancesOf: Annotations = ({ boxes }, categories) =>
  boxes.map(({ className, x, y, width, height }) => ({
    category_id: categories.get(className),
    bbox: [x, y, width, height],
    area: width * height,
    iscrowd: 0,
    segmentation: [],
  }));

function documentOf(
  source: ExportSource,
  split: ExportSplit | null,
  annotations: Annotations,
): AsyncGenerator<string> {
  const categories = new Map(source.classes.map(({ name }, at) => [name, at + 1]));
  async function* numbered() {
    let id = 0;
    for await (const frame of source.frames()) if (frame.split === split) yield { id: ++id, frame };
  }
  async function* images() {
    for await (const { id, frame } of numbered()) {
      yield { id, file_name: frame.fileName, width: frame.width, height: frame.height };
    }
  }
  async function* listed() {
    let id = 0;
    for await (const { id: imageId, frame } of numbered()) {
      for (const annotation of annotations(frame, categories)) {
        yield { id: ++id, image_id: imageId, ...annotation };
      }
    }
  }
  return writeJsonLists([
    ['categories', [...categories].map(([name, id]) => ({ id, name, supercategory: '' }))],
    ['images', images()],
    ['annotations', listed()],
  ]);
}

const known = {
  document: new Set(['images', 'annotations', 'categories']),
  image: new Set(['id', 'file_name', 'width', 'height']),
  category: new Set(['id', 'name']),
  annotation: new Set(['id', 'image_id', 'category_id', 'bbox', 'area']),
};

function readDocument(document: unknown, name: string, into: Collector): void {
  if (!isObject(document) || !Array.isArray(document.images)) throw new Error('There is no list `images`.');
  into.ignoreOthers('coco', document, known.document);
  const subset = stemOf(name).replace(/^(labels|instances)_/, '');
  const split = splitWord(subset);
  const classes = new Map<unknown, string>();
  for (const category of asList(document.categories)) {
    into.ignoreOthers('categories', category, known.category);
    const className = asText(category.name);
    if (className !== null) classes.set(category.id, className);
  }
  const pictures = new Map<unknown, ReturnType<Collector['picture']>>();
  for (const image of asList(document.images)) {
    into.ignoreOthers('images', image, known.image);
    const fileName = asText(image.file_name);
    if (fileName === null) throw new Error('A picture has no file_name.');
    const beside = folderOf(name);
    const picture = into.picture(fileName, split === null ? beside : `images/${subset}`);
    if (picture) picture.split ??= split;
    pictures.set(image.id, picture);
  }
  for (const annotation of asList(document.annotations)) {
    into.ignoreOthers('annotations', annotation, known.annotation);
    const picture = pictures.get(annotation.image_id);
    const className = classes.get(annotation.category_id);
    if (picture === null) continue;
    const which = `annotation ${String(annotation.id)}`;
    if (picture === undefined) {
      into.issue(name, 'annotation_invalid', `${which} is of a picture that is not listed.`);
    } else if (className === undefined) {
      into.issue(picture.name, 'annotation_invalid', `${which} has a category that is not listed.`);
    } else if (annotation.bbox === undefined || isEmptyList(annotation.bbox)) {
      into.addClass(picture, className);
    } else {
      const [x, y, width, height] = (Array.isArray(annotation.bbox) ? annotation.bbox : []).map(asNumber);
      const none = Number.NaN;
      const box = { className, x: x ?? none, y: y ?? none, width: width ?? none, height: height ?? none };
      into.addBox(picture, box, 'pixel');
    }
  }
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
