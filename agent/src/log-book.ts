import { maskSecrets } from '@lineside/shared';

/** What must not leave the device, besides passwords in addresses. */
const secrets: readonly [pattern: RegExp, replacement: string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)/gs, '***'],
  [
    /((?:password|passwd|secret|token|authorization|api-?key|user-pw|\bpin)\\?["']?\s*[=:]\s*\\?["']?)(?:(?:bearer|basic)\s+)?[^\s"'\\&,;}]+/gi,
    '$1***',
  ],
];

/** A line of the log without secrets. */
export const withoutSecrets = (line: string): string =>
  secrets.reduce((kept, [pattern, replacement]) => kept.replace(pattern, replacement), maskSecrets(line));

/** The newest lines of the log, in memory: a destination beside the log's own. */
export class LogBook {
  readonly #capacity: number;
  #lines: { text: string; bytes: number }[] = [];
  #bytes = 0;

  /** @param capacity bytes of UTF-8 */
  constructor(capacity = 1 << 20) {
    this.#capacity = capacity;
  }

  /** @param text one line, with its end */
  write(text: string): void {
    const bytes = Buffer.byteLength(text);
    if (bytes > this.#capacity) return;
    this.#lines.push({ text, bytes });
    this.#bytes += bytes;
    if (this.#bytes <= this.#capacity) return;
    // An eighth at a time, so that a full book does not move its lines with every new one.
    let dropped = 0;
    while (this.#bytes > (this.#capacity * 7) / 8) this.#bytes -= this.#lines[dropped++]?.bytes ?? 0;
    this.#lines = this.#lines.slice(dropped);
  }

  /** The newest whole lines that fit, oldest first, without secrets. */
  newest(maxBytes: number): string {
    const kept: string[] = [];
    let bytes = 0;
    for (let at = this.#lines.length - 1; at >= 0; at--) {
      const line = withoutSecrets(this.#lines[at]?.text ?? '');
      bytes += Buffer.byteLength(line);
      if (bytes > maxBytes) break;
      kept.push(line);
    }
    return kept.reverse().join('');
  }
}
