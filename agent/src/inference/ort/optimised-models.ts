import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { open, readdir, rm, stat, utimes } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { env } from 'onnxruntime-node';
import { makeFolderDurably, renameDurably, temporarySuffix } from '../../durable-file.js';

/** The champion's, the one before it, a challenger's and a benchmark's. */
const filesKept = 4;
/** A younger unfinished file may be in the writing. */
const unfinishedMs = 3_600_000;

/**
 * Optimised graphs of earlier starts, so that a restart need not optimise again. An optimised graph is laid out for one
 * processor and one version of onnxruntime: the name of a file says which, and its own SHA-256, so that a file that was
 * altered or half written is never used. Nothing here is needed: whatever fails, the model is optimised anew.
 */
export class OptimisedModels {
  readonly #folder: string;
  readonly #key: string;

  /** @param modelSha256 of the model file as it is in the package */
  constructor(folder: string, modelSha256: string) {
    this.#folder = folder;
    this.#key = createHash('sha256')
      .update([modelSha256, env.versions.node, 'cpu', processor()].join('\n'))
      .digest('hex')
      .slice(0, 32);
  }

  /** Path of the model's file, when it is there and whole. */
  async find(): Promise<string | null> {
    for (const name of await this.#names()) {
      const [key, sha256] = name.split('.');
      if (key !== this.#key || !name.endsWith('.onnx')) continue;
      const path = join(this.#folder, name);
      if ((await digest(path).catch(() => null)) === sha256) {
        const now = new Date();
        await utimes(path, now, now).catch(() => {});
        return path;
      }
      await this.discard(path);
    }
    return null;
  }

  /** Where onnxruntime may write the file for `keep`; null: the disk does not take it. */
  async reserve(): Promise<string | null> {
    try {
      await makeFolderDurably(this.#folder);
    } catch {
      return null;
    }
    return join(this.#folder, `${this.#key}.${randomBytes(6).toString('hex')}${temporarySuffix}`);
  }

  /** Takes over what onnxruntime wrote, and lets the longest unused files go; false: it could not be kept. */
  async keep(written: string): Promise<boolean> {
    try {
      const handle = await open(written, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
      await renameDurably(written, join(this.#folder, `${this.#key}.${await digest(written)}.onnx`));
      await this.#prune();
      return true;
    } catch {
      await this.discard(written);
      return false;
    }
  }

  async discard(path: string): Promise<void> {
    await rm(path, { force: true }).catch(() => {});
  }

  #names(): Promise<string[]> {
    return readdir(this.#folder).catch(() => []);
  }

  async #prune(): Promise<void> {
    const files = await Promise.all(
      (await this.#names()).map(async (name) => {
        const path = join(this.#folder, name);
        return { path, whole: name.endsWith('.onnx'), usedMs: (await stat(path)).mtimeMs };
      }),
    );
    const whole = files.filter((file) => file.whole).sort((a, b) => b.usedMs - a.usedMs);
    const unfinished = files.filter((file) => !file.whole && Date.now() - file.usedMs > unfinishedMs);
    for (const { path } of [...whole.slice(filesKept), ...unfinished]) await this.discard(path);
  }
}

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Model and instruction sets: what onnxruntime chooses its layouts by. */
function processor(): string {
  let features: string[] = [];
  try {
    const cpuinfo = readFileSync('/proc/cpuinfo', 'utf8').split('\n\n')[0] ?? '';
    features = cpuinfo.match(/^(flags|Features|CPU implementer|CPU part)\s*:.*$/gm) ?? [];
  } catch {
    // Not Linux: the model's name must do.
  }
  return [process.arch, cpus()[0]?.model ?? '', ...features].join('\n');
}
