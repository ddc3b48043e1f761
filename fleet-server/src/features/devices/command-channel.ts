import { randomUUID } from 'node:crypto';
import { type Command, LinesideError, type ResultMessage } from '@lineside/shared';

interface Waiting {
  deviceId: string;
  resolve(result: ResultMessage): void;
  reject(error: LinesideError): void;
  timer: NodeJS.Timeout;
}

/** Matches results to the commands that wait for them. */
export class CommandChannel {
  private readonly waiting = new Map<string, Waiting>();

  constructor(private readonly send: (deviceId: string, id: string, command: Command) => Promise<void>) {}

  /** @throws LinesideError `device_timeout`, `device_offline` */
  request(deviceId: string, command: Command, timeoutMs: number): Promise<ResultMessage> {
    const id = randomUUID();
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        this.waiting.delete(id);
      };
      const waiting: Waiting = {
        deviceId,
        resolve: (result) => {
          settle();
          resolve(result);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
        timer: setTimeout(
          () => waiting.reject(new LinesideError('device_timeout', `${deviceId}: ${timeoutMs} ms`)),
          timeoutMs,
        ),
      };
      const { timer } = waiting;
      this.waiting.set(id, waiting);
      this.send(deviceId, id, command).catch((error: Error) =>
        waiting.reject(new LinesideError('device_offline', error.message, { cause: error })),
      );
    });
  }

  /** A result nobody waits for, or from another device than was asked, is ignored. */
  answer(deviceId: string, result: ResultMessage): void {
    const waiting = this.waiting.get(result.id);
    if (waiting?.deviceId === deviceId) waiting.resolve(result);
  }

  /** The device is gone: so are the answers. */
  fail(deviceId: string): void {
    for (const waiting of [...this.waiting.values()]) {
      if (waiting.deviceId === deviceId) waiting.reject(new LinesideError('device_offline', deviceId));
    }
  }
}
