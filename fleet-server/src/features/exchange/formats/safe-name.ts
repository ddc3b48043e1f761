// biome-ignore lint/suspicious/noControlCharactersInRegex: no file name has them
const unsafe = /[\u0000-\u001f\u007f%/\\:*?"<>|]/g;
const percent = (text: string) =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');

/** A class name as a file or folder name on any system: what is not allowed there becomes %XX. */
export const toFileName = (className: string): string =>
  className.replace(unsafe, percent).replace(/^\./, percent).replace(/[. ]$/, percent);

/** The class name again; a name that is no such encoding is taken as it is. */
export function fromFileName(name: string): string {
  if (!/%[0-9A-F]{2}/.test(name)) return name;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
