import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { decodeMessage, encodeMessage, FrameMessage, LinesideError, toLinesideError } from '@lineside/shared';
import { oneAtATime } from '@lineside/shared/one-at-a-time';
import { makeFolderDurably, temporarySuffix } from '../durable-file.js';
import { Aside } from './aside.js';
import { realDisk, type SpoolDisk } from './disk.js';
import { type Entry, fileNameOf, isAudit, parseFileName, rankOf } from './entry.js';
import { FreeSpace } from './free-space.js';
import { GroupSync } from './group-sync.js';
import { givesWay, Ranking, type UploadOrder } from './ranking.js';
import { Unremoved } from './unremoved.js';

export interface SpoolStats {
  frames: number;
  bytes: number;
  /** Frames given up for lack of space, since the agent started. */
  evicted: number;
  /** Those among them that were audit samples. */
  auditEvicted: number;
  /** Files that were not readable frames, since the agent started. */
  corrupt: number;
}

/** cap: the spool's own limit; free_space: the disk must keep some free; disk_full: it would take no more. */
export type EvictionCause = 'cap' | 'free_space' | 'disk_full';

export type SpoolEvent =
  | { kind: 'evicted'; id: string; cause: EvictionCause; audit: boolean }
  | { kind: 'corrupt'; file: string }
  | { kind: 'rejected'; id: string; code: string };

/**
 * Flagged frames on their way to the fleet server, on disk. A frame whose `put` resolved is there after SIGKILL and
 * power loss, until `remove` or until more valuable frames need its space.
 */
export interface Spool {
  /** Resolves when the frame is durable, or was given up (and counted) because everything stored is worth more.
   * @throws LinesideError `storage_full` or `storage_failed`. */
  put(frame: FrameMessage): Promise<void>;
  /** Ids of up to `limit` frames in the order in which they should travel. */
  peek(limit: number, skip: ReadonlySet<string>): string[];
  read(id: string): Promise<FrameMessage | null>;
  /**
   * The CBOR bytes of the frame message as they go on the wire; null when it is not (or no longer) there.
   * @throws LinesideError `storage_failed` when it cannot be read now and may be later
   */
  readBytes(id: string): Promise<Uint8Array | null>;
  /**
   * @returns how many were there. They are gone for `peek` at once, before the promise settles, and stay so when
   * the disk refuses: their files are then removed when it lets us.
   */
  remove(ids: Iterable<string>): Promise<number>;
  /** Moves a frame that the server refused into a bounded folder, so that it is neither lost nor sent again. */
  reject(id: string, code: string): Promise<void>;
  stats(): SpoolStats;
  on(event: 'added', listener: (id: string) => void): void;
  off(event: 'added', listener: (id: string) => void): void;
  /** Waits for writes under way. */
  close(): Promise<void>;
}

export interface SpoolOptions {
  dir: string;
  maxBytes: number;
  /** Frames give way before the disk has less than this left; 0: not watched. */
  minFreeBytes?: number;
  uploadOrder?: UploadOrder;
  /** How often the disk is looked at when nothing is put. */
  housekeepingMs?: number;
  disk?: SpoolDisk;
  onEvent?: (event: SpoolEvent) => void;
}

export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const spool = new DiskSpool(options);
  try {
    await spool.load();
  } catch (error) {
    throw toLinesideError(error, 'storage_failed');
  }
  return spool;
}

const hasCode = (error: unknown, ...codes: string[]): boolean =>
  codes.includes((error as NodeJS.ErrnoException).code ?? '');
const diskFull = (error: unknown): boolean => hasCode(error, 'ENOSPC', 'EDQUOT');

class DiskSpool implements Spool {
  readonly #folder: string;
  readonly #options: SpoolOptions;
  readonly #disk: SpoolDisk;
  readonly #ranking = new Ranking();
  readonly #emitter = new EventEmitter();
  readonly #names: GroupSync;
  readonly #free: FreeSpace;
  readonly #unremoved: Unremoved;
  readonly #writing = new Map<string, Promise<void>>();
  #reservedBytes = 0;
  #corruptAside!: Aside;
  #rejectedAside!: Aside;
  #arrivals = 0;
  #evicted = 0;
  #auditEvicted = 0;
  #corrupt = 0;
  #closed = false;
  #housekeeper: NodeJS.Timeout | undefined;
  readonly #roomMaking = oneAtATime();

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#folder = join(options.dir, 'frames');
    this.#disk = options.disk ?? realDisk;
    this.#names = new GroupSync(() => this.#disk.sync(this.#folder));
    this.#unremoved = new Unremoved((name) => this.#disk.remove(this.#folder, name));
    this.#free = new FreeSpace({
      minFreeBytes: options.minFreeBytes ?? 0,
      sample: () => this.#disk.free(this.#folder),
    });
  }

  async load(): Promise<void> {
    await makeFolderDurably(this.#folder);
    this.#corruptAside = await Aside.open(join(this.#options.dir, 'corrupt'), this.#disk);
    this.#rejectedAside = await Aside.open(join(this.#options.dir, 'rejected'), this.#disk);
    const entries: Entry[] = [];
    for (const name of await this.#disk.list(this.#folder)) {
      const entry = parseFileName(name);
      if (entry) entries.push(entry);
      else if (name.endsWith(temporarySuffix)) await this.#unremoved.remove(name);
      else await this.#setCorruptAside(name);
    }
    entries.sort((a, b) => a.arrival - b.arrival);
    for (const entry of entries) {
      const older = this.#ranking.remove(entry.id);
      if (older) await this.#discard(older);
      this.#ranking.add(entry);
    }
    this.#arrivals = (entries.at(-1)?.arrival ?? 0) + 1;
    await this.#keepHouse();
    const { housekeepingMs = 10_000 } = this.#options;
    this.#housekeeper = setInterval(() => void this.#keepHouse(), housekeepingMs);
    this.#housekeeper.unref();
  }

  /** What must happen although nothing is put: others fill the disk, and a disk that refused may do so no longer. */
  async #keepHouse(): Promise<void> {
    await this.#unremoved.sweep();
    // A disk that refuses removals now is asked again the next time.
    await this.#makeRoom(null).catch(() => undefined);
  }

  async put(frame: FrameMessage): Promise<void> {
    if (this.#closed) throw new LinesideError('storage_failed', 'spool: closed');
    if (this.#ranking.get(frame.id)) return;
    const underWay = this.#writing.get(frame.id);
    if (underWay) return underWay;
    const data = encodeMessage(FrameMessage, frame);
    const entry = {
      arrival: this.#arrivals++,
      id: frame.id,
      rank: rankOf(frame),
      bytes: data.byteLength,
      checksum: crc32(data),
    };
    const write = this.#store(entry, data);
    this.#writing.set(frame.id, write);
    try {
      await write;
    } catch (error) {
      throw toLinesideError(error, diskFull(error) ? 'storage_full' : 'storage_failed');
    } finally {
      this.#writing.delete(frame.id);
    }
  }

  async #store(entry: Entry, data: Uint8Array): Promise<void> {
    // Bytes are reserved before the first await, so that puts at the same time cannot pass the cap together.
    this.#reservedBytes += entry.bytes;
    try {
      const obstacle = (await this.#makeRoom(entry)) ?? (await this.#write(entry, data));
      if (obstacle) return this.#giveUp(entry, obstacle);
      this.#ranking.add(entry);
      this.#free.wrote(entry.bytes);
    } finally {
      this.#reservedBytes -= entry.bytes;
    }
    void this.#unremoved.sweep();
    this.#emitter.emit('added', entry.id);
  }

  /** @returns what keeps it from being written when the disk is full of frames that are worth more; else null. */
  async #write(entry: Entry, data: Uint8Array): Promise<EvictionCause | null> {
    const name = fileNameOf(entry);
    for (let attempt = 0; ; attempt++) {
      let written = false;
      try {
        await this.#disk.write(this.#folder, name, data);
        written = true;
        await this.#names.sync();
        return null;
      } catch (error) {
        // Not durable: it must not come back after a restart as if it had been promised.
        if (written) await this.#unremoved.remove(name, entry.bytes);
        if (!diskFull(error) || attempt >= 8) throw error;
        // The disk says nothing of how much it lacks: free twice as much each time.
        const victims = this.#victims(entry.bytes * 2 ** attempt, entry);
        if (victims.length === 0) {
          if (this.#ranking.size === 0) throw error;
          return 'disk_full';
        }
        await this.#evict(victims, 'disk_full');
      }
    }
  }

  /** The first entries to give way to `newcomer` (null: to anything) that hold `bytes` together, or all there are. */
  #victims(bytes: number, newcomer: Entry | null): Entry[] {
    const victims: Entry[] = [];
    let sum = 0;
    for (const entry of this.#ranking.fromLeast()) {
      if (sum >= bytes || (newcomer && !givesWay(entry, newcomer))) break;
      victims.push(entry);
      sum += entry.bytes;
    }
    return victims;
  }

  /**
   * Evicts until the cap and the disk's free space hold. One after the other: whoever asks the disk while another's victims
   * are being removed would not see the space that they leave, and evict for it once more.
   * @returns what keeps `newcomer` out, evicting nothing, when it would cost frames worth more; else null
   */
  #makeRoom(newcomer: Entry | null): Promise<EvictionCause | null> {
    return this.#roomMaking(() => this.#makeRoomNow(newcomer));
  }

  async #makeRoomNow(newcomer: Entry | null): Promise<EvictionCause | null> {
    const lacking = await this.#free.lacking(newcomer?.bytes ?? 0);
    const used = this.#ranking.bytes + this.#unremoved.bytes + this.#reservedBytes;
    const over = used - this.#options.maxBytes;
    const wanted = Math.max(over, lacking);
    if (wanted <= 0) return null;
    const cause = over >= lacking ? 'cap' : 'free_space';
    const victims = this.#victims(wanted, newcomer);
    if (newcomer && victims.reduce((sum, entry) => sum + entry.bytes, 0) < wanted) return cause;
    await this.#evict(victims, cause);
    return null;
  }

  /** @throws when the disk refuses; what it did not remove is then still in the spool. */
  async #evict(victims: Entry[], cause: EvictionCause): Promise<void> {
    // Out of the index at once: a put beside this one must not count on the same victims.
    for (const victim of victims) this.#ranking.remove(victim.id);
    for (const [index, victim] of victims.entries()) {
      try {
        await this.#disk.remove(this.#folder, fileNameOf(victim));
      } catch (error) {
        if (!hasCode(error, 'ENOENT')) {
          for (const kept of victims.slice(index)) this.#ranking.restore(kept);
          throw error;
        }
      }
      this.#free.freed(victim.bytes);
      this.#giveUp(victim, cause);
    }
  }

  #giveUp(entry: Entry, cause: EvictionCause): void {
    const audit = isAudit(entry);
    this.#evicted++;
    if (audit) this.#auditEvicted++;
    this.#options.onEvent?.({ kind: 'evicted', id: entry.id, cause, audit });
  }

  /** Removes the file of an entry that is no longer in the index, now or when the disk lets us. */
  async #discard(entry: Entry): Promise<void> {
    if (await this.#unremoved.remove(fileNameOf(entry), entry.bytes)) this.#free.freed(entry.bytes);
  }

  peek(limit: number, skip: ReadonlySet<string>): string[] {
    return this.#ranking.top(this.#options.uploadOrder ?? 'most_valuable', limit, skip);
  }

  async readBytes(id: string): Promise<Uint8Array | null> {
    const entry = this.#ranking.get(id);
    if (!entry) return null;
    const name = fileNameOf(entry);
    let data: Uint8Array;
    try {
      data = await this.#disk.read(this.#folder, name);
    } catch (error) {
      if (hasCode(error, 'EIO')) return this.#dropCorrupt(entry);
      if (!hasCode(error, 'ENOENT')) throw toLinesideError(error, 'storage_failed');
      // Removed or evicted between the look-up and the read, or the disk has lost it.
      if (this.#ranking.remove(id)) this.#countCorrupt(name);
      return null;
    }
    if (data.byteLength === entry.bytes && crc32(data) === entry.checksum) return data;
    return this.#dropCorrupt(entry);
  }

  async read(id: string): Promise<FrameMessage | null> {
    const data = await this.readBytes(id);
    if (!data) return null;
    try {
      return decodeMessage(FrameMessage, data);
    } catch {
      const entry = this.#ranking.get(id);
      return entry ? this.#dropCorrupt(entry) : null;
    }
  }

  async #dropCorrupt(entry: Entry): Promise<null> {
    if (this.#ranking.remove(entry.id)) await this.#setCorruptAside(fileNameOf(entry));
    return null;
  }

  async #setCorruptAside(name: string): Promise<void> {
    this.#countCorrupt(name);
    await this.#corruptAside.add(this.#folder, name, name).catch(() => undefined);
  }

  #countCorrupt(file: string): void {
    this.#corrupt++;
    this.#options.onEvent?.({ kind: 'corrupt', file });
  }

  async remove(ids: Iterable<string>): Promise<number> {
    // No flush: a removal that a power cut undoes only sends the frame once more, and the server knows its id.
    const removed = [...ids].flatMap((id) => this.#ranking.remove(id) ?? []);
    await Promise.all(removed.map((entry) => this.#discard(entry)));
    return removed.length;
  }

  async reject(id: string, code: string): Promise<void> {
    const entry = this.#ranking.remove(id);
    if (!entry) return;
    this.#options.onEvent?.({ kind: 'rejected', id, code });
    const safeCode = code.replace(/[^a-z0-9_]/gi, '_').slice(0, 64);
    await this.#rejectedAside
      .add(this.#folder, fileNameOf(entry), `${id}.${safeCode}.frame`)
      .catch(() => this.#discard(entry));
  }

  stats(): SpoolStats {
    return {
      frames: this.#ranking.size,
      bytes: this.#ranking.bytes,
      evicted: this.#evicted,
      auditEvicted: this.#auditEvicted,
      corrupt: this.#corrupt,
    };
  }

  on(event: 'added', listener: (id: string) => void): void {
    this.#emitter.on(event, listener);
  }

  off(event: 'added', listener: (id: string) => void): void {
    this.#emitter.off(event, listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#housekeeper);
    await Promise.allSettled(this.#writing.values());
  }
}
