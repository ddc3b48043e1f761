import { Transform } from 'node:stream';

/** Where a command's words go: what a program reads, and what a person watches. */
export interface OutputTo {
  readonly out: { write(text: string): unknown };
  readonly err: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
}

const barWidth = 24;
const drawEveryMs = 100;

/** Text in columns, as wide as the widest cell. */
export function columns(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, ...rows];
  const widths = headings.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export class Output {
  readonly #to: OutputTo;
  #drawnMs = 0;
  #drawn = false;

  constructor(
    readonly json: boolean,
    to: OutputTo,
  ) {
    this.#to = to;
  }

  /** For a program: the result itself. */
  print(text: string): void {
    this.#to.out.write(text);
  }

  /** For a person who watches; never part of the result. */
  say(line: string): void {
    this.endBar();
    this.#to.err.write(`${line}\n`);
  }

  /** The answer of the API with `--json`, else the text. */
  show(answer: unknown, text: () => string): void {
    this.print(this.json ? `${JSON.stringify(answer, null, 2)}\n` : `${text()}\n`);
  }

  table<T>(answer: { items: readonly T[] }, headings: readonly string[], cells: (item: T) => string[]): void {
    this.show(answer, () => columns(headings, answer.items.map(cells)));
  }

  /** Draws how far something is, where a person looks at a terminal. */
  bar(label: string, share: number, note = ''): void {
    const { err } = this.#to;
    if (!err.isTTY) return;
    const now = performance.now();
    if (share < 1 && this.#drawn && now - this.#drawnMs < drawEveryMs) return;
    this.#drawnMs = now;
    this.#drawn = true;
    const full = Math.round(barWidth * Math.min(1, Math.max(0, share)));
    const text = `${label} [${'#'.repeat(full)}${'.'.repeat(barWidth - full)}] ${(100 * share).toFixed(0)} % ${note}`;
    err.write(`\r\u001b[K${text.slice(0, (err.columns ?? 80) - 1)}`);
  }

  endBar(): void {
    if (this.#drawn) this.#to.err.write('\n');
    this.#drawn = false;
  }

  /** Passes bytes on and draws how many of them came. */
  counting(label: string, totalBytes: number): Transform {
    let bytes = 0;
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        bytes += chunk.byteLength;
        this.bar(label, totalBytes > 0 ? bytes / totalBytes : 1, `${(bytes / 1e6).toFixed(1)} MB`);
        done(null, chunk);
      },
      flush: (done) => {
        this.endBar();
        done();
      },
    });
  }
}
