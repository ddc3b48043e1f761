import { Duplex } from 'node:stream';

/** Runs complete protocol messages and answers with the server's bytes. */
export type RunProtocol = (messages: Uint8Array) => Promise<Uint8Array>;

const headerLength = (started: boolean) => (started ? 5 : 4);
/** Messages after which the server has something to say: Query, Sync, Flush, and the ends of a COPY. */
const turns = new Set([...'QSHcf'].map((type) => type.charCodeAt(0)));
const terminate = 'X'.charCodeAt(0);

/** Leaves the one session as a new connection would find it: no open transaction, no settings, no prepared statements. */
const resetMessages = ['ROLLBACK', 'DISCARD ALL'].map((text) => {
  const message = Buffer.alloc(text.length + 6);
  message.write('Q', 0);
  message.writeInt32BE(text.length + 5, 1);
  message.write(text, 5);
  return message;
});

/**
 * What `pg` takes for a socket: it cuts the written bytes into Postgres protocol messages, runs them in groups that
 * end where an answer is due, and gives the answer to be read. There is one session behind it, so one stream at a time.
 */
export class PgliteStream extends Duplex {
  private pending: Buffer = Buffer.alloc(0);
  private group: Buffer[] = [];
  private started = false;

  constructor(private readonly run: RunProtocol) {
    super();
  }

  connect(): this {
    Promise.all(resetMessages.map((message) => this.run(message))).then(
      () => this.emit('connect'),
      (error: Error) => this.destroy(error),
    );
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    this.pump().then(() => done(), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.push(null);
    done();
  }

  private async pump(): Promise<void> {
    for (let message = this.next(); message; message = this.next()) {
      const type = this.started ? message[0] : null;
      if (type === terminate) {
        this.push(null);
        return;
      }
      this.group.push(message);
      if (type !== null && (type === undefined || !turns.has(type))) continue;
      this.started = true;
      const [only] = this.group;
      const messages = this.group.length === 1 && only ? only : Buffer.concat(this.group);
      this.group = [];
      const reply = await this.run(messages);
      if (reply.length > 0) this.push(reply);
    }
  }

  /** The next complete message, or null: an optional type byte, then a length that counts itself. */
  private next(): Buffer | null {
    const header = headerLength(this.started);
    if (this.pending.length < header) return null;
    const length = header - 4 + this.pending.readInt32BE(header - 4);
    if (this.pending.length < length) return null;
    const message = this.pending.subarray(0, length);
    this.pending = this.pending.subarray(length);
    return message;
  }
}
