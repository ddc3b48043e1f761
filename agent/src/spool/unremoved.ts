/**
 * Files that nothing refers to any more. One that the disk refuses to remove (read-only, a failing disk) is remembered
 * and tried again, so that it neither comes back nor is forgotten.
 */
export class Unremoved {
  readonly #unlink: (name: string) => Promise<void>;
  readonly #sizes = new Map<string, number>();
  #sweeping = false;
  #bytes = 0;

  constructor(unlink: (name: string) => Promise<void>) {
    this.#unlink = unlink;
  }

  /** Held by files that should be gone. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @returns whether the file is gone */
  async remove(name: string, bytes = 0): Promise<boolean> {
    if (await this.#try(name)) return true;
    this.#forget(name);
    this.#sizes.set(name, bytes);
    this.#bytes += bytes;
    return false;
  }

  /** Tries what is left again, until the disk refuses. */
  async sweep(): Promise<void> {
    if (this.#sweeping || this.#sizes.size === 0) return;
    this.#sweeping = true;
    for (const name of [...this.#sizes.keys()]) {
      if (!(await this.#try(name))) break;
      this.#forget(name);
    }
    this.#sweeping = false;
  }

  async #try(name: string): Promise<boolean> {
    try {
      await this.#unlink(name);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT';
    }
  }

  #forget(name: string): void {
    this.#bytes -= this.#sizes.get(name) ?? 0;
    this.#sizes.delete(name);
  }
}
