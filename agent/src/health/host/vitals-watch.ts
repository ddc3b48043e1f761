import { parseMemory, readVitals, type Vitals, type VitalsPaths } from './vitals.js';

const everyMs = 5000;

/** The latest vitals, read now and then and never waited for: a hanging disk must not hold up who asks. */
export class VitalsWatch {
  readonly #read: () => Promise<Vitals>;
  #latest: Vitals = { memory: parseMemory(''), disk: null, temperatureCelsius: null };
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | null = null;

  constructor(paths: VitalsPaths, read: () => Promise<Vitals> = () => readVitals(paths)) {
    this.#read = read;
  }

  get latest(): Vitals {
    return this.#latest;
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.#refresh(), everyMs);
    await this.#refresh();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #refresh(): Promise<void> {
    this.#reading ??= this.#read()
      .then((vitals) => {
        this.#latest = vitals;
      })
      .finally(() => {
        this.#reading = null;
      });
    await this.#reading;
  }
}
