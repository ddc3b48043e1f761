import type { Socket } from 'node:net';

export interface TurnstileOptions {
  /** So many handshakes are under way together. */
  atOnce: number;
  /** One that takes longer no longer counts: a peer that says nothing keeps nobody out. */
  countedMs: number;
  /** One that waited longer is turned away: its device has given up, or is about to, and comes again. */
  patienceMs: number;
}

/**
 * Lets connections into the TLS handshake in the order in which they came, a few at a time. The handshakes of a fleet that
 * comes back at one moment would each take as long as all of them together, and most would be given up before they are done.
 */
export class Turnstile {
  private readonly waiting: { socket: Socket; sinceMs: number }[] = [];
  private readonly inside = new Map<string, () => void>();

  constructor(
    private readonly options: TurnstileOptions,
    private readonly enter: (socket: Socket) => void,
    private readonly turnedAway: () => void,
  ) {}

  /** @param socket from which nothing was read */
  arrive(socket: Socket): void {
    // Nobody else listens before its turn.
    socket.on('error', () => {});
    this.waiting.push({ socket, sinceMs: performance.now() });
    this.next();
  }

  /** The handshake of this connection is over, well or not. */
  leave(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): void {
    this.inside.get(keyOf(socket))?.();
  }

  private next(): void {
    while (this.inside.size < this.options.atOnce) {
      const first = this.waiting.shift();
      if (!first) return;
      const { socket, sinceMs } = first;
      if (socket.destroyed) continue;
      if (performance.now() - sinceMs > this.options.patienceMs) {
        socket.destroy();
        this.turnedAway();
        continue;
      }
      this.count(socket);
      this.enter(socket);
    }
  }

  private count(socket: Socket): void {
    const key = keyOf(socket);
    const done = () => {
      if (this.inside.get(key) !== done) return;
      this.inside.delete(key);
      clearTimeout(timer);
      this.next();
    };
    const timer = setTimeout(done, this.options.countedMs);
    this.inside.set(key, done);
    socket.once('close', done);
  }
}

/** The two are one connection to everybody but Node, which has no way from the one to the other. */
const keyOf = ({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string =>
  `${remoteAddress} ${remotePort}`;
