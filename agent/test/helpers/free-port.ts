import { once } from 'node:events';
import { createServer } from 'node:net';

/** Each process has a stretch of its own, so that two of them are not given the same port before they listen. */
const stretch = 100;
const from = 20_000 + (process.pid % 120) * stretch;
let next = 0;

/**
 * A TCP port of the loopback interface that nobody listens on at this moment. It lies below the range from which systems
 * take ports for outgoing connections (Linux: from 32,768): none of those can be on it when a server comes back.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < stretch; tries++) {
    const port = from + (next++ % stretch);
    const server = createServer();
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening');
    } catch {
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
  throw new Error(`no port is free from ${from} on`);
}
