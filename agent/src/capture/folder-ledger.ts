import { type FileHandle, mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Which files of a watched folder were decided, kept across restarts.
 *
 * Append-only, one line a file. A line may be lost in a power cut: the file is then decided again, under the same
 * frame id, so the server stores it once. Opening drops the entries of files that are gone.
 */
export class FolderLedger {
  readonly #path: string;
  readonly #entries = new Set<string>();
  #file: FileHandle | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** @param present identities of the files now in the folder */
  async open(present: ReadonlySet<string>): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    const text = await readFile(this.#path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    // What follows the last line break was cut off while it was written.
    for (const line of text.split('\n').slice(0, -1)) if (present.has(line)) this.#entries.add(line);
    const temporary = `${this.#path}.tmp`;
    await writeFile(temporary, [...this.#entries].map((entry) => `${entry}\n`).join(''));
    await rename(temporary, this.#path);
    this.#file = await open(this.#path, 'a');
  }

  has(identity: string): boolean {
    return this.#entries.has(identity);
  }

  async add(identity: string): Promise<void> {
    this.#entries.add(identity);
    await this.#file?.appendFile(`${identity}\n`);
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }
}
