/** Lower case, without the dot. */
export const extensionOf = (name: string): string => /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '';

export const baseOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
export const folderOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('/')));
export const stemOf = (name: string): string => baseOf(name).replace(/\.[a-z0-9]+$/i, '');

/** What operating systems leave in archives. */
export const isJunk = (name: string): boolean =>
  name.startsWith('__MACOSX/') || /(^|\/)(\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini)$/.test(name);

/** Finds pictures of an archive by what annotations call them. */
export class PictureIndex {
  readonly #all: ReadonlySet<string>;
  readonly #byBase = new Map<string, string[]>();

  constructor(readonly names: readonly string[]) {
    this.#all = new Set(names);
    for (const name of names) {
      for (const key of new Set([baseOf(name), `stem:${stemOf(name)}`])) {
        const list = this.#byBase.get(key);
        if (list) list.push(name);
        else this.#byBase.set(key, [name]);
      }
    }
  }

  has(name: string): boolean {
    return this.#all.has(name);
  }

  /**
   * By the whole name, then by the name in or below the folder `near`, then by the end of the name, then by the file name alone.
   * @returns null when there is none
   */
  find(reference: string, near = ''): string | 'ambiguous' | null {
    const wanted = reference.replaceAll('\\', '/').replace(/^(\.?\/)+/, '');
    if (near !== '' && this.#all.has(`${near}/${wanted}`)) return `${near}/${wanted}`;
    if (this.#all.has(wanted)) return wanted;
    return this.#best(this.#byBase.get(baseOf(wanted)) ?? [], wanted, near);
  }

  /** By the file name without its extension. */
  findStem(stem: string, near = ''): string | 'ambiguous' | null {
    return this.#best(this.#byBase.get(`stem:${stem}`) ?? [], stem, near);
  }

  #best(candidates: readonly string[], wanted: string, near: string): string | 'ambiguous' | null {
    if (candidates.length <= 1) return candidates[0] ?? null;
    const ending = candidates.filter((name) => name.endsWith(`/${wanted}`));
    const left = ending.length > 0 ? ending : candidates;
    const close = near === '' ? [] : left.filter((name) => name.startsWith(`${near}/`));
    const [only, other] = close.length > 0 ? close : left;
    return other === undefined ? (only ?? null) : 'ambiguous';
  }
}
