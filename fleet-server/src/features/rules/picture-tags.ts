import readExif from 'exif-reader';
import { SaxesParser } from 'saxes';
import sharp from 'sharp';

export type Tags = ReadonlyMap<string, string>;

const mostLength = 1000;

/** What cameras and tools wrote into a picture: `exif.<tag>` and `xmp.<prefix:name>`. What cannot be read says nothing. */
export async function pictureTags(path: string): Promise<Tags> {
  const tags = new Map<string, string>();
  const { exif, xmp } = await sharp(path)
    .metadata()
    .catch(() => ({ exif: undefined, xmp: undefined }));
  try {
    for (const group of exif ? Object.values(readExif(exif)) : []) {
      if (typeof group !== 'object') continue;
      for (const [tag, value] of Object.entries(group)) add(tags, `exif.${tag}`, value);
    }
  } catch {
    // Damaged, or of a kind of its own.
  }
  if (xmp) readXmp(xmp.toString('utf8'), tags);
  return tags;
}

function add(tags: Map<string, string>, name: string, value: unknown): void {
  const text =
    value instanceof Date
      ? value.toISOString()
      : ['string', 'number'].includes(typeof value)
        ? String(value)
        : '';
  const plain = text.replaceAll('\0', '').trim();
  if (plain !== '' && plain.length <= mostLength && !tags.has(name)) tags.set(name, plain);
}

/** Properties of `rdf:Description`, as attributes or elements; of a list its first item. */
function readXmp(text: string, tags: Map<string, string>): void {
  const parser = new SaxesParser({ fragment: true });
  const open: string[] = [];
  let said = '';
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('doctype', () => {
    throw new Error('A document type is not allowed.');
  });
  parser.on('opentag', ({ name, attributes }) => {
    if (name === 'rdf:Description') {
      for (const [attribute, value] of Object.entries(attributes)) {
        if (!/^(xmlns|rdf)(:|$)/.test(attribute)) add(tags, `xmp.${attribute}`, value);
      }
    }
    open.push(name);
    said = '';
  });
  parser.on('text', (more) => {
    said += more;
  });
  parser.on('closetag', ({ name }) => {
    open.pop();
    const property = name.startsWith('rdf:') ? open.findLast((each) => !each.startsWith('rdf:')) : name;
    if (property && !property.startsWith('x:')) add(tags, `xmp.${property}`, said);
    said = '';
  });
  try {
    parser.write(text.replace(/<\?xpacket[^>]*\?>/g, '').trim()).close();
  } catch {
    // What was read before stands.
  }
}
