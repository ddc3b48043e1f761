import { LinesideError } from '@lineside/shared';
import { formatOfName } from '@lineside/shared/pictures/formats';
import type { NamedBox, ReadBox, ReadIssue, ReadPicture } from './format.js';
import { extensionOf, isJunk, PictureIndex, stemOf } from './picture-index.js';

const otherPictures = new Set(['heic', 'avif', 'jp2', 'ppm', 'pgm']);

/** Puts together what an archive says of each picture, wherever it says it. */
export class Collector {
  readonly pictures: PictureIndex;
  /** What the formats carry and the product does not know: how often each was met. */
  readonly ignored = new Map<string, number>();
  readonly issues: ReadIssue[] = [];
  readonly #found = new Map<string, ReadPicture>();
  readonly #used = new Set<string>();

  constructor(private readonly names: readonly string[]) {
    this.pictures = new PictureIndex(names.filter((name) => !isJunk(name) && formatOfName(name) !== null));
  }

  ignore(field: string, times = 1): void {
    if (times > 0) this.ignored.set(field, (this.ignored.get(field) ?? 0) + times);
  }

  /** Fields of an object that are set and that nobody reads. */
  ignoreOthers(prefix: string, object: Record<string, unknown>, known: ReadonlySet<string>): void {
    for (const [key, value] of Object.entries(object)) {
      if (!known.has(key) && !isEmpty(value)) this.ignore(`${prefix}.${key}`);
    }
  }

  issue(name: string, code: ReadIssue['code'], message: string): void {
    this.issues.push({ name, code, message });
  }

  /** Says that a file that is no picture was read. */
  used(name: string): void {
    this.#used.add(name);
  }

  /** Reads a text of the archive; one that cannot be read is an issue, and null. */
  async parse<T>(name: string, read: () => Promise<T>): Promise<T | null> {
    this.used(name);
    try {
      return await read();
    } catch (error) {
      if (error instanceof LinesideError && error.code !== 'annotation_invalid') throw error;
      this.issue(name, 'annotation_invalid', error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  /**
   * The picture that a name in an annotation means, to be filled in; null when it could be more than one.
   * @param near a folder that is looked into first
   */
  picture(reference: string, near = ''): ReadPicture | null {
    const entry = this.pictures.find(reference, near);
    if (entry === 'ambiguous') {
      this.issue(reference, 'annotation_invalid', 'Several pictures of the archive have this name.');
      return null;
    }
    return this.entry(entry, reference);
  }

  /** A picture by its name in the archive. */
  entry(entry: string | null, name = entry ?? ''): ReadPicture {
    const key = entry ?? `missing:${stemOf(name)}`;
    let picture = this.#found.get(key);
    if (!picture) {
      const split = entry === null ? null : splitOf(entry);
      picture = { entry, name: entry ?? name, classNames: [], boxes: [], split };
      this.#found.set(key, picture);
    }
    return picture;
  }

  addClass(picture: ReadPicture, className: string): void {
    if (!picture.classNames.includes(className)) picture.classNames.push(className);
  }

  addBox(picture: ReadPicture, box: NamedBox, unit: ReadBox['unit']): void {
    const { x, y, width, height } = box;
    if (![x, y, width, height].every(Number.isFinite) || width <= 0 || height <= 0) {
      this.issue(
        picture.name,
        'annotation_invalid',
        `A box has no size: ${[x, y, width, height].join(' ')}.`,
      );
      return;
    }
    picture.boxes.push({ ...box, unit });
  }

  /** All pictures in the order of their names, those without an annotation too, and files that nothing was made of. */
  result(): { pictures: ReadPicture[]; issues: ReadIssue[] } {
    for (const name of this.names) {
      if (isJunk(name) || name.endsWith('/') || this.#used.has(name)) continue;
      const extension = extensionOf(name);
      if (formatOfName(name) !== null) this.entry(name);
      else if (otherPictures.has(extension)) {
        this.issue(
          name,
          'image_unsupported',
          `Pictures are JPEG, PNG, WebP, BMP, TIFF or GIF, not ${extension.toUpperCase()}.`,
        );
      } else this.issue(name, 'file_unexpected', 'Nothing was made of this file.');
    }
    const pictures = [...this.#found.values()].sort((a, b) =>
      a.name < b.name ? -1 : a.name > b.name ? 1 : 0,
    );
    return { pictures, issues: this.issues };
  }
}

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === 0 ||
  value === '' ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0);

const splitName = /^(train|val|valid|validation|test)(?:ing|\d{4})?$/i;

/** Split that a word such as `train2017` or `valid` names, or null. */
export function splitWord(word: string): string | null {
  const split = splitName.exec(word)?.[1]?.toLowerCase();
  return split?.startsWith('val') ? 'val' : (split ?? null);
}

/** Split by the first folder that names one. */
function splitOf(entry: string): string | null {
  for (const folder of entry.split('/').slice(0, -1)) {
    const split = splitWord(folder);
    if (split) return split;
  }
  return null;
}
