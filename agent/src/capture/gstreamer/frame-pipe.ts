import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type OnReadOpts, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FramePipe {
  /** The end that is read, into memory that `onRead` names: nothing is copied between the kernel and the frame. */
  readonly reader: Socket;
  /** The end for a child's stdout; to be destroyed here once the child has it. */
  readonly writer: Socket;
}

/** Nobody else finds the way in: its name is a secret, and on Linux it has no place in the file system. */
const address = (name: string): string =>
  process.platform === 'linux' ? `\0lineside-${name}` : join(tmpdir(), `lineside-${name}`);

/**
 * A pair of connected sockets. The pipe that a child process usually gets is read by Node in pieces of 64 KB, each in
 * memory of its own, from where they would be copied into the frame: at 1280×720 and 30 frames a second that was half
 * the agent's processor time beside inference.
 * @param onRead as in `net.connect`
 */
export async function openFramePipe(onRead: OnReadOpts): Promise<FramePipe> {
  const name = randomUUID();
  const server = createServer({ pauseOnConnect: true });
  let reader: Socket | null = null;
  try {
    await once(server.listen(address(name)), 'listening');
    const accepted = once(server, 'connection');
    reader = connect({ path: address(name), onread: onRead });
    const [[writer]] = await Promise.all([accepted as Promise<[Socket]>, once(reader, 'connect')]);
    return { reader, writer };
  } catch (error) {
    reader?.destroy();
    throw error;
  } finally {
    server.close();
  }
}
