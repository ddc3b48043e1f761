import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** The network between a device and one port of its server, which breaks at will. */
export class Cable {
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #silent = false;

  private constructor(private readonly server: Server) {}

  /** Lays a cable from a free port of this machine to one that need not listen yet. */
  static async lay(port: number): Promise<Cable> {
    const server = createServer();
    const cable = new Cable(server);
    server.on('connection', (near) => cable.#carry(near, connect(port, '127.0.0.1')));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return cable;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Both ends see at once that the connection is gone. */
  cut(): void {
    for (const pair of this.#pairs) for (const end of pair) end.destroy();
  }

  /** Nothing passes any more, and neither end is told. */
  silence(): void {
    this.#silent = true;
    for (const pair of this.#pairs) for (const end of pair) end.pause();
  }

  /** What was sent meanwhile arrives after all, as by a network that sends again, where the ends still wait for it. */
  mend(): void {
    this.#silent = false;
    for (const pair of this.#pairs) for (const end of pair) end.resume();
  }

  async remove(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }

  #carry(near: Socket, far: Socket): void {
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on('data', (bytes) => to.write(bytes));
      from.on('error', () => {});
      from.on('close', () => {
        this.#pairs.delete(pair);
        to.destroy();
      });
      if (this.#silent) from.pause();
    }
  }
}
