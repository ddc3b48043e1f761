import { SaxesParser } from 'saxes';

const escapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** Text for an element or an attribute; what XML cannot hold at all becomes U+FFFD. */
export const xmlText = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"'\t\n\r]/g, (character) => escapes[character]!);

export interface XmlElement {
  name: string;
  attributes: Readonly<Record<string, string>>;
  children: XmlElement[];
  text: string;
}

/**
 * Reads a document; each child of its root is given away as it ends, so that a long document never is in memory as a whole.
 * @returns the root's name
 * @throws Error when it is not well formed, or has a document type: nothing needs one, and entities can be made to explode
 */
export function readXml(text: string, onChild: (element: XmlElement) => void): string {
  const parser = new SaxesParser();
  const open: XmlElement[] = [];
  let root = '';
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('doctype', () => {
    throw new Error('A document type is not allowed.');
  });
  parser.on('opentag', ({ name, attributes }) => {
    if (open.length === 0) root = name;
    if (open.length > 32) throw new Error('Elements are nested too deep.');
    open.push({ name, attributes, children: [], text: '' });
  });
  const addText = (more: string): void => {
    const element = open.at(-1);
    if (element && open.length > 1) element.text += more;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const element = open.pop()!;
    if (open.length > 1) open.at(-1)!.children.push(element);
    else if (open.length === 1) onChild(element);
  });
  parser.write(text.replace(/^\ufeff/, '')).close();
  return root;
}

export const childOf = (element: XmlElement, name: string): XmlElement | undefined =>
  element.children.find((child) => child.name === name);

/** Text of a child without the space around it, or null. */
export const textOf = (element: XmlElement, name: string): string | null =>
  childOf(element, name)?.text.trim() ?? null;
