import { type FSWatcher, watch } from 'node:fs';
import { mkdir, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FolderSourceConfig } from '@lineside/shared';
import { LinesideError, toLinesideError } from '@lineside/shared';
import { decodePicture, mostPixelsOnBox, type Picture } from '@lineside/shared/pictures/decode-picture';
import { formatOfName } from '@lineside/shared/pictures/formats';
import { FolderLedger } from './folder-ledger.js';
import {
  type CaptureClock,
  type CapturedFrame,
  captureClock,
  type Source,
  type SourceEvents,
} from './source.js';

const rescanMs = 1000;
/** Frames decoded ahead of the one being decided, so that decoding and inference overlap. */
const lookahead = 3;

interface Entry {
  readonly name: string;
  /** Name, size and time of the file: a new picture under an old name is a new frame. */
  readonly identity: string;
}

type Reading = { bytes: Buffer; picture: Picture } | LinesideError | null;

/**
 * Pictures in a folder, in the order of their names; no frame is skipped. In `watch` mode every file that appears
 * (completed by a rename) is decided once, also across restarts. A picture that cannot be read is reported once.
 */
export class FolderSource implements Source {
  readonly live = false;
  readonly #cameraId: string;
  readonly #config: FolderSourceConfig;
  readonly #ledger: FolderLedger;
  readonly #clock: CaptureClock;
  readonly #group: RegExp | null;
  readonly #stopping = new AbortController();
  readonly #bad = new Set<string>();
  #sequence = 0;
  #broken = false;
  #running: Promise<void> = Promise.resolve();
  #nextAtMs = 0;

  constructor(
    cameraId: string,
    config: FolderSourceConfig,
    stateDir: string,
    clock: CaptureClock = captureClock,
  ) {
    this.#cameraId = cameraId;
    this.#config = config;
    this.#ledger = new FolderLedger(join(stateDir, 'capture', `${cameraId.replaceAll(':', '_')}.decided`));
    this.#clock = clock;
    this.#group = config.groupPattern === undefined ? null : new RegExp(config.groupPattern);
  }

  async start(events: SourceEvents): Promise<void> {
    if (this.#config.mode === 'watch') await mkdir(this.#config.path, { recursive: true });
    const first = await this.#list();
    if (this.#config.mode === 'watch') await this.#ledger.open(new Set(first.map((entry) => entry.identity)));
    this.#running = (this.#config.mode === 'watch' ? this.#watch(events) : this.#play(events)).catch(
      (error: unknown) => {
        if (!this.#stopping.signal.aborted) this.#failed(toLinesideError(error, 'capture_failed'), events);
      },
    );
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#ledger.close();
  }

  async #play(events: SourceEvents): Promise<void> {
    const loop = this.#config.mode === 'loop';
    do {
      try {
        const frames = await this.#deliver(await this.#list(), events);
        this.#mended(events);
        if (frames === 0 && loop) await this.#pause(rescanMs);
      } catch (error) {
        // A share that goes away may come back.
        if (!loop) throw error;
        if (!this.#stopping.signal.aborted) this.#failed(toLinesideError(error, 'capture_failed'), events);
        await this.#pause(rescanMs);
      }
    } while (loop && !this.#stopping.signal.aborted);
    if (!this.#stopping.signal.aborted) events.onEnd();
  }

  async #watch(events: SourceEvents): Promise<void> {
    let wake = (): void => {};
    let watcher: FSWatcher | null = null;
    try {
      watcher = watch(this.#config.path, { signal: this.#stopping.signal }, () => wake());
      watcher.on('error', () => {});
    } catch {
      // Some network file systems cannot be watched; the rescan finds the files all the same.
    }
    while (!this.#stopping.signal.aborted) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      try {
        const entries = (await this.#list()).filter((entry) => !this.#ledger.has(entry.identity));
        this.#mended(events);
        await this.#deliver(entries, events);
        if (entries.length > 0) continue;
      } catch (error) {
        if (!this.#stopping.signal.aborted) this.#failed(toLinesideError(error, 'capture_failed'), events);
      }
      await Promise.race([changed, this.#pause(rescanMs)]);
    }
    watcher?.close();
  }

  /** A folder that stays away is told of once, not at every look. */
  #failed(error: LinesideError, events: SourceEvents): void {
    events.onState('failed', error.message);
    if (!this.#broken) events.onError(error);
    this.#broken = true;
  }

  #mended(events: SourceEvents): void {
    if (this.#broken) events.onState('running');
    this.#broken = false;
  }

  async #list(): Promise<Entry[]> {
    const { path } = this.#config;
    try {
      const names = (await readdir(path, { withFileTypes: true }))
        .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
        .map((entry) => entry.name)
        .filter((name) => formatOfName(name) !== null)
        .sort();
      if (this.#config.mode !== 'watch') return names.map((name) => ({ name, identity: '' }));
      const entries = await Promise.all(
        names.map(async (name) => {
          const found = await stat(join(path, name), { bigint: true }).catch(() => null);
          return found
            ? { name, identity: `${found.size}-${found.mtimeNs}-${encodeURIComponent(name)}` }
            : null;
        }),
      );
      return entries.filter((entry) => entry !== null);
    } catch (error) {
      throw new LinesideError('capture_failed', `${path}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Hands the entries over in order, a few of them decoded ahead. Returns how many frames there were. */
  async #deliver(entries: readonly Entry[], events: SourceEvents): Promise<number> {
    const { signal } = this.#stopping;
    const reading: Promise<Reading>[] = [];
    const deciding: Promise<void>[] = [];
    let frames = 0;
    try {
      for (const [index, entry] of entries.entries()) {
        for (let ahead = reading.length; ahead < Math.min(index + lookahead, entries.length); ahead++) {
          reading.push(this.#read(entries[ahead] ?? entry));
        }
        await this.#pace();
        const read = await reading[index];
        if (signal.aborted) break;
        if (read instanceof LinesideError) {
          await this.#setAside(entry, read, events);
        } else if (read) {
          frames += 1;
          const decided = events.onFrame(this.#frame(entry, read)).then(() => this.#finish(entry));
          decided.catch(() => {});
          deciding.push(decided);
          if (deciding.length >= lookahead) await deciding[deciding.length - lookahead];
        }
      }
      if (!signal.aborted) await Promise.all(deciding);
    } finally {
      // Whoever lists the folder next must find the ones under way noted.
      await Promise.allSettled(deciding);
    }
    return frames;
  }

  /** Null: the file is gone. */
  async #read(entry: Entry): Promise<Reading> {
    try {
      const bytes = await readFile(join(this.#config.path, entry.name));
      return { bytes, picture: await decodePicture(bytes, mostPixelsOnBox) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      return toLinesideError(error, 'capture_failed');
    }
  }

  #frame(entry: Entry, { bytes, picture }: { bytes: Buffer; picture: Picture }): CapturedFrame {
    const group = this.#group?.exec(entry.name)?.[1];
    return {
      cameraId: this.#cameraId,
      sequence: this.#sequence++,
      capturedAt: this.#clock.wallMs(),
      capturedAtMonotonicMs: this.#clock.monotonicMs(),
      width: picture.width,
      height: picture.height,
      rgb: picture.rgb,
      ...(picture.format === 'jpeg' ? { jpeg: bytes } : {}),
      source: entry.name.slice(-255),
      ...(group === undefined ? {} : { group: group.slice(0, 128) }),
      ...(this.#config.mode === 'watch' ? { identity: `${this.#cameraId}/${entry.identity}` } : {}),
    };
  }

  async #finish(entry: Entry): Promise<void> {
    if (this.#config.mode !== 'watch') return;
    const file = join(this.#config.path, entry.name);
    if (this.#config.afterwards === 'delete') await unlink(file).catch(ignoreMissing);
    else if (this.#config.afterwards === 'move') await this.#moveTo('done', entry);
    else await this.#ledger.add(entry.identity);
  }

  /** A file that is no picture is told of once and never tried again. */
  async #setAside(entry: Entry, error: LinesideError, events: SourceEvents): Promise<void> {
    const known = this.#bad.has(entry.name);
    this.#bad.add(entry.name);
    if (!known)
      events.onError(new LinesideError(error.code, `${entry.name}: ${error.message}`, { cause: error }));
    if (this.#config.mode !== 'watch') return;
    if (this.#config.afterwards === 'keep') await this.#ledger.add(entry.identity);
    else await this.#moveTo('bad', entry);
  }

  async #moveTo(folder: string, entry: Entry): Promise<void> {
    const target = join(this.#config.path, folder);
    await mkdir(target, { recursive: true });
    await rename(join(this.#config.path, entry.name), join(target, entry.name)).catch(ignoreMissing);
  }

  async #pace(): Promise<void> {
    const now = this.#clock.monotonicMs();
    await this.#pause(this.#nextAtMs - now);
    this.#nextAtMs = Math.max(now, this.#nextAtMs) + this.#config.intervalMs;
  }

  async #pause(ms: number): Promise<void> {
    if (ms > 0) await delay(ms, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }
}

const ignoreMissing = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'ENOENT') throw error;
};
