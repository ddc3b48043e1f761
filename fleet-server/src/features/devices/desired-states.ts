import { DesiredState, encodeMessage, LinesideError } from '@lineside/shared';
import type { Db } from '../../db/database.js';
import { GatheredRead } from '../../db/gathered-read.js';
import { changeDesired, type DesiredChange, readDesired } from './repository.js';

export interface DesiredStatesOptions {
  db: Db;
  now: () => number;
  isConnected(deviceId: string): boolean;
  publish(deviceId: string, payload: Uint8Array): Promise<void>;
  /** Goes on without anybody waiting for it. */
  background(work: Promise<unknown>): void;
}

/** What devices should run: stored first, then sent to those that are connected; the others get it when they come. */
export class DesiredStates {
  private readonly stored: GatheredRead<DesiredState>;
  /** Devices that were sent a state with their name. */
  private readonly named = new Set<string>();
  /** By device, of this connection: a change may overtake the reading of the state before it. */
  private readonly sentRevision = new Map<string, number>();

  constructor(private readonly options: DesiredStatesOptions) {
    this.stored = new GatheredRead((ids) => readDesired(options.db, ids));
  }

  /** @throws LinesideError `device_unknown` */
  async set(deviceId: string, change: DesiredChange): Promise<DesiredState> {
    const desired = (await this.setMany([{ deviceId, change }])).get(deviceId);
    if (!desired) throw new LinesideError('device_unknown', deviceId);
    return desired;
  }

  async setMany(
    changes: readonly { deviceId: string; change: DesiredChange }[],
  ): Promise<Map<string, DesiredState>> {
    if (changes.length === 0) return new Map();
    const all = await changeDesired(this.options.db, changes);
    for (const [deviceId, desired] of all) this.options.background(this.publish(deviceId, desired));
    return all;
  }

  /** Sends what is stored, when the device is connected. */
  async send(deviceId: string): Promise<void> {
    if (!this.options.isConnected(deviceId)) return;
    const desired = await this.stored.read(deviceId);
    if (desired) await this.publish(deviceId, desired);
  }

  /** An agent of before refuses what names it, which its first report came too late to prevent. */
  async sendToOld(deviceId: string): Promise<void> {
    if (this.named.delete(deviceId)) await this.send(deviceId);
  }

  /** What was sent before may be lost with its connection. */
  forget(deviceId: string): void {
    this.sentRevision.delete(deviceId);
  }

  private async publish(deviceId: string, desired: DesiredState): Promise<void> {
    const { isConnected, publish, now } = this.options;
    if (!isConnected(deviceId) || desired.revision < (this.sentRevision.get(deviceId) ?? 0)) return;
    this.sentRevision.set(deviceId, desired.revision);
    if (desired.deviceId) this.named.add(deviceId);
    await publish(deviceId, encodeMessage(DesiredState, { ...desired, at: now() }));
  }
}
