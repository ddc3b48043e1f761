import { auditRank, type Entry, isAudit, lotOf } from './entry.js';

export type UploadOrder = 'most_valuable' | 'newest';

/** Audit samples are spread over so many buckets by their lot; within a bucket they are sorted when it matters. */
const lotBits = 10;
const buckets = auditRank + 2 ** lotBits;
const bucketOf = (entry: Entry): number =>
  isAudit(entry) ? auditRank + (lotOf(entry) >>> (32 - lotBits)) : entry.rank;
const byLot = (a: Entry, b: Entry): number => lotOf(a) - lotOf(b);

/** Whether a stored entry may be given up for one that comes. */
export function givesWay(stored: Entry, newcomer: Entry): boolean {
  if (isAudit(stored) && isAudit(newcomer)) return lotOf(stored) <= lotOf(newcomer);
  return stored.rank <= newcomer.rank;
}

/**
 * The index of the spool: entries by id, by worth (in the order they came within one rank; audit samples by their
 * lots), and by arrival.
 */
export class Ranking {
  readonly #byId = new Map<string, Entry>();
  readonly #byWorth: (Map<string, Entry> | undefined)[] = new Array(buckets).fill(undefined);
  /** Oldest first. Entries that are gone stay until they are at the end or outnumber the others. */
  #arrivals: Entry[] = [];
  #bytes = 0;

  get size(): number {
    return this.#byId.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(id: string): Entry | undefined {
    return this.#byId.get(id);
  }

  /** @param entry that came after all others */
  add(entry: Entry): void {
    this.remove(entry.id);
    this.#index(entry);
    this.#arrivals.push(entry);
  }

  /** Takes an entry back that was removed a moment ago, where it stood. */
  restore(entry: Entry): void {
    if (this.#byId.has(entry.id)) return;
    this.#index(entry);
    if (this.#arrivals.includes(entry)) return;
    const before = this.#arrivals.findLastIndex(({ arrival }) => arrival < entry.arrival);
    this.#arrivals.splice(before + 1, 0, entry);
  }

  #index(entry: Entry): void {
    this.#byId.set(entry.id, entry);
    const bucket = bucketOf(entry);
    const entries = this.#byWorth[bucket] ?? new Map<string, Entry>();
    this.#byWorth[bucket] = entries.set(entry.id, entry);
    this.#bytes += entry.bytes;
  }

  remove(id: string): Entry | undefined {
    const entry = this.#byId.get(id);
    if (!entry) return undefined;
    this.#byId.delete(id);
    this.#byWorth[bucketOf(entry)]?.delete(id);
    this.#bytes -= entry.bytes;
    if (this.#arrivals.length > 2 * this.#byId.size + 64) {
      this.#arrivals = this.#arrivals.filter((other) => this.#byId.get(other.id) === other);
    }
    return entry;
  }

  /** In the order in which frames give way: the least valuable first, the oldest of equals first, audit samples last. */
  *fromLeast(): Generator<Entry> {
    for (const [bucket, entries] of this.#byWorth.entries()) {
      if (!entries) continue;
      if (bucket < auditRank) yield* entries.values();
      else yield* [...entries.values()].sort(byLot);
    }
  }

  /** Ids of up to `limit` entries, none of them in `skip`. */
  top(order: UploadOrder, limit: number, skip: ReadonlySet<string>): string[] {
    const ids: string[] = [];
    for (const id of order === 'newest' ? this.#newestFirst() : this.#mostValuableFirst()) {
      if (ids.length >= limit) break;
      if (!skip.has(id)) ids.push(id);
    }
    return ids;
  }

  /** The oldest of equals first. */
  *#mostValuableFirst(): Generator<string> {
    for (let bucket = buckets - 1; bucket >= 0; bucket--) {
      const entries = this.#byWorth[bucket];
      if (entries) yield* entries.keys();
    }
  }

  *#newestFirst(): Generator<string> {
    const isGone = (entry: Entry | undefined) => entry && this.#byId.get(entry.id) !== entry;
    while (isGone(this.#arrivals.at(-1))) this.#arrivals.pop();
    for (let at = this.#arrivals.length - 1; at >= 0; at--) {
      const entry = this.#arrivals[at];
      if (entry && !isGone(entry)) yield entry.id;
    }
  }
}
