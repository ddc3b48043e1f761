import { makeFolderDurably } from '../durable-file.js';
import type { SpoolDisk } from './disk.js';

/** A bounded folder for files that must not be tried again but that a person may want to look at. */
export class Aside {
  readonly #folder: string;
  readonly #disk: SpoolDisk;
  readonly #limits: { files: number; bytes: number };
  readonly #names: string[] = [];
  readonly #sizes = new Map<string, number>();

  private constructor(folder: string, disk: SpoolDisk, limits: { files: number; bytes: number }) {
    this.#folder = folder;
    this.#disk = disk;
    this.#limits = limits;
  }

  static async open(
    folder: string,
    disk: SpoolDisk,
    limits = { files: 200, bytes: 64 << 20 },
  ): Promise<Aside> {
    await makeFolderDurably(folder);
    const aside = new Aside(folder, disk, limits);
    for (const name of (await disk.list(folder)).sort()) await aside.#take(name);
    await aside.#trim();
    return aside;
  }

  /** Moves a file here and drops the oldest ones over the limit. */
  async add(fromFolder: string, name: string, newName: string): Promise<void> {
    await this.#disk.move(fromFolder, name, this.#folder, newName);
    await this.#take(newName);
    await this.#trim();
  }

  async #take(name: string): Promise<void> {
    this.#names.push(name);
    this.#sizes.set(name, await this.#disk.size(this.#folder, name).catch(() => 0));
  }

  async #trim(): Promise<void> {
    const total = () => [...this.#sizes.values()].reduce((sum, size) => sum + size, 0);
    while (
      this.#names.length > this.#limits.files ||
      (this.#names.length > 0 && total() > this.#limits.bytes)
    ) {
      const oldest = this.#names.shift() ?? '';
      this.#sizes.delete(oldest);
      await this.#disk.remove(this.#folder, oldest).catch(() => undefined);
    }
  }
}
