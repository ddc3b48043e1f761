import { createHash } from 'node:crypto';
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder, temporarySuffix } from '../../durable-file.js';
import type { LoadedPackage } from '../model.js';

/**
 * The model folder of an engine: `<model>/<version>/model.onnx`, where the version is the release counter, and beside
 * the versions a `config.pbtxt` that belongs to whoever set the engine up.
 */
export class ModelRepository {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Puts a package there, whole or not at all. The engine runs as another user: it may read, and no more. */
  async put(name: string, model: LoadedPackage): Promise<void> {
    const folder = join(this.#folder, name, String(model.releaseCounter));
    const path = join(folder, 'model.onnx');
    if (await isSame(model.modelPath, path)) return;
    await mkdir(folder, { recursive: true, mode: 0o755 });
    const temporary = `${path}${temporarySuffix}`;
    await copyFile(model.modelPath, temporary);
    const handle = await open(temporary, 'r+');
    try {
      await handle.chmod(0o644);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    for (const changed of [folder, dirname(folder), this.#folder]) await syncFolder(changed);
  }

  /** Takes away all versions but these. */
  async prune(name: string, kept: readonly number[]): Promise<void> {
    const folder = join(this.#folder, name);
    for (const version of await readdir(folder)) {
      if (!/^\d+$/.test(version) || kept.includes(Number(version))) continue;
      await rm(join(folder, version), { recursive: true, force: true });
    }
  }

  /** Lets a second model be set up as the first is. The name in a configuration must be that of its folder. */
  async configureLike(name: string, other: string): Promise<void> {
    const configuration = await readFile(join(this.#folder, other, 'config.pbtxt'), 'utf8').catch(() => null);
    if (configuration === null) return;
    await mkdir(join(this.#folder, name), { recursive: true, mode: 0o755 });
    const nameless = configuration.replace(/^name\s*:.*$/m, '');
    await writeFile(join(this.#folder, name, 'config.pbtxt'), nameless, { mode: 0o644 });
  }

  /** Takes away the models whose names begin so, but these. */
  async pruneModels(prefix: string, kept: readonly string[]): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      if (name.startsWith(prefix) && !kept.includes(name)) await this.remove(name);
    }
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.#folder, name), { recursive: true, force: true });
  }
}

async function isSame(from: string, to: string): Promise<boolean> {
  try {
    const [one, other] = await Promise.all([stat(from), stat(to)]);
    return one.size === other.size && (await digest(from)) === (await digest(to));
  } catch {
    return false;
  }
}

async function digest(path: string): Promise<string> {
  const handle = await open(path, 'r');
  const hash = createHash('sha256');
  for await (const chunk of handle.createReadStream()) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
