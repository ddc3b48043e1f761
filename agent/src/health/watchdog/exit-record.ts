import { readFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { writeFileDurably } from '../../durable-file.js';

interface Exits {
  /** Of the running kernel: a reboot is a new beginning. */
  readonly bootId: string;
  /** Seconds after boot of each; the wall clock may jump, this does not. */
  readonly atSeconds: readonly number[];
}

const hourSeconds = 3600;
const fileName = 'restarts.json';

/** The restarts of the process that the agent itself asked for, remembered across them. */
export class ExitRecord {
  readonly #path: string;
  readonly #uptimeSeconds: () => number;
  #exits: Exits = { bootId: '', atSeconds: [] };

  constructor(stateDir: string, uptimeSeconds: () => number = uptime) {
    this.#path = join(stateDir, fileName);
    this.#uptimeSeconds = uptimeSeconds;
  }

  async load(): Promise<void> {
    const bootId = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
      (text) => text.trim(),
      () => 'unknown',
    );
    this.#exits = { bootId, atSeconds: [] };
    const stored = await readFile(this.#path, 'utf8').then(parse, () => null);
    if (stored?.bootId === bootId) this.#exits = stored;
  }

  /** In the last hour. */
  get recent(): number {
    return this.#recent().length;
  }

  /** @throws when the disk refuses: a restart that would not be remembered must not be asked for */
  async add(): Promise<void> {
    const { bootId } = this.#exits;
    this.#exits = { bootId, atSeconds: [...this.#recent(), this.#uptimeSeconds()] };
    await writeFileDurably(this.#path, JSON.stringify(this.#exits));
  }

  #recent(): number[] {
    const now = this.#uptimeSeconds();
    return this.#exits.atSeconds.filter((at) => at <= now && now - at < hourSeconds);
  }
}

function parse(text: string): Exits | null {
  try {
    const { bootId, atSeconds } = JSON.parse(text) as Partial<Exits>;
    if (typeof bootId !== 'string' || !Array.isArray(atSeconds)) return null;
    return { bootId, atSeconds: atSeconds.filter((at) => typeof at === 'number') };
  } catch {
    // Half a file after a power cut: nothing is known.
    return null;
  }
}
