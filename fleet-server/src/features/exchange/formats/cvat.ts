import { type Collector, splitWord } from './collector.js';
import type { ArchiveFile, ArchiveIndex, ExportFrame, ExportSource, Format } from './format.js';
import { extensionOf } from './picture-index.js';
import { asNumber } from './values.js';
import { readXml, type XmlElement, xmlText } from './xml.js';

const isXml = (name: string) => extensionOf(name) === 'xml';

/** "CVAT for images 1.1": `annotations.xml` beside `images/`; a tag is the class of the whole picture. */
export const cvat: Format = {
  carries: 'any',

  async *write(source: ExportSource, pictures: boolean): AsyncGenerator<ArchiveFile> {
    yield { name: 'annotations.xml', text: document(source) };
    if (!pictures) return;
    for await (const { fileName, sha256 } of source.frames()) yield { name: `images/${fileName}`, sha256 };
  },

  async detect(archive): Promise<boolean> {
    const file = archive.names.find(isXml);
    return file !== undefined && /<annotations[\s>]/.test((await archive.text(file)).slice(0, 2000));
  },

  async read(archive: ArchiveIndex, into: Collector): Promise<void> {
    for (const name of archive.names.filter(isXml)) {
      await into.parse(name, async () => {
        const root = readXml(await archive.text(name), (child) => readChild(child, into));
        if (root !== 'annotations') throw new Error(`The root is ${root}, not annotations.`);
      });
    }
  },
};

async function* document({ classes, frames }: ExportSource): AsyncGenerator<string> {
  yield '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n';
  yield '  <meta><task><name>lineside</name><mode>annotation</mode><labels>\n';
  for (const { name, colour } of classes) {
    yield `    <label><name>${xmlText(name)}</name><color>${colour}</color><attributes></attributes></label>\n`;
  }
  yield '  </labels></task></meta>\n';
  let id = 0;
  for await (const frame of frames()) yield image(id++, frame);
  yield '</annotations>\n';
}

function image(id: number, { fileName, width, height, className, boxes, split }: ExportFrame): string {
  const subset = split === null ? '' : ` subset="${split}"`;
  const tag = className === null ? '' : `    <tag label="${xmlText(className)}" source="manual"></tag>\n`;
  const listed = boxes.map(
    (box) =>
      `    <box label="${xmlText(box.className)}" source="manual" occluded="0" xtl="${box.x}" ytl="${box.y}" ` +
      `xbr="${box.x + box.width}" ybr="${box.y + box.height}" z_order="0"></box>\n`,
  );
  return (
    `  <image id="${id}" name="${xmlText(fileName)}"${subset} width="${width}" height="${height}">\n` +
    `${tag}${listed.join('')}  </image>\n`
  );
}

const known = {
  image: new Set(['id', 'name', 'width', 'height', 'subset', 'task_id']),
  tag: new Set(['label', 'source']),
  box: new Set(['label', 'source', 'xtl', 'ytl', 'xbr', 'ybr', 'rotation']),
};
/** As an attribute says that something is not so. */
const setOnly = (attributes: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => Number(value) !== 0));

function readChild(element: XmlElement, into: Collector): void {
  if (element.name !== 'image') {
    if (!['version', 'meta'].includes(element.name)) into.ignore(element.name);
    return;
  }
  into.ignoreOthers('image', setOnly(element.attributes), known.image);
  const { name = '', subset } = element.attributes;
  const picture = into.picture(name, subset === undefined ? 'images' : `images/${subset}`);
  if (!picture) return;
  picture.split ??= subset === undefined ? null : splitWord(subset);
  for (const shape of element.children) {
    const { label } = shape.attributes;
    if (shape.name !== 'tag' && shape.name !== 'box') {
      into.ignore(shape.name);
      continue;
    }
    into.ignoreOthers(shape.name, setOnly(shape.attributes), known[shape.name]);
    for (const { name: attribute, attributes } of shape.children) {
      into.ignore(`${shape.name}.${attribute}${attributes.name === undefined ? '' : `:${attributes.name}`}`);
    }
    if (label === undefined) into.issue(picture.name, 'annotation_invalid', `A ${shape.name} has no label.`);
    else if (shape.name === 'tag') into.addClass(picture, label);
    else if (asNumber(shape.attributes.rotation ?? 0) !== 0) {
      into.issue(picture.name, 'annotation_invalid', 'A box is rotated: it is left out.');
    } else {
      const [x, y, right, bottom] = ['xtl', 'ytl', 'xbr', 'ybr'].map((edge) =>
        asNumber(shape.attributes[edge]),
      ) as [number, number, number, number];
      into.addBox(picture, { className: label, x, y, width: right - x, height: bottom - y }, 'pixel');
    }
  }
}
