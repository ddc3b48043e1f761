import { readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Static, TObject } from 'typebox';
import { Compile } from 'typebox/compile';
import { makeFolderDurably, writeFileDurably } from './durable-file.js';
import type { Log } from './log.js';

/** One JSON file that is replaced as a whole with every change, so that a power cut leaves the old or the new one. */
export class DurableState<S extends TObject> {
  readonly #path: string;
  readonly #empty: Static<S>;
  readonly #matches: (value: unknown) => boolean;
  #value: Static<S>;

  /** @param empty what a device knows that has no file; also fills the fields that an older file lacks */
  constructor(path: string, schema: S, empty: Static<S>) {
    const validator = Compile(schema);
    this.#path = path;
    this.#empty = empty;
    this.#matches = (value) => validator.Check(value);
    this.#value = empty;
  }

  get value(): Static<S> {
    return this.#value;
  }

  /** A file that cannot be read is set aside: a camera without a memory still decides once it is told what to run. */
  async load(log: Log): Promise<void> {
    await makeFolderDurably(dirname(this.#path));
    const text = await readFile(this.#path, 'utf8').catch(() => null);
    if (text === null) return;
    try {
      const value: unknown = { ...this.#empty, ...JSON.parse(text) };
      if (!this.#matches(value)) throw new Error('it does not match its schema');
      this.#value = value as Static<S>;
    } catch (error) {
      log.error({ file: this.#path, error: (error as Error).message }, 'state file unreadable: set aside');
      await rename(this.#path, `${this.#path}.corrupt`);
    }
  }

  /** Durable when it resolves; until then, and if it rejects, the value stays as it was. */
  async change(change: Partial<Static<S>>): Promise<void> {
    const next = { ...this.#value, ...change };
    await writeFileDurably(this.#path, `${JSON.stringify(next)}\n`);
    this.#value = next;
  }
}
