import { join } from 'node:path';
import { type Child, startChild } from '../../system/child.js';
import type { FleetCounts, FleetOrder } from './fleet-process.js';
import type { IssuedIdentity } from './identities.js';

const entry = new URL('./fleet-process.js', import.meta.url);
const perProcess = 2500;

const nothing: FleetCounts = { type: 'counts', connected: 0, connections: 0, told: {}, lastReport: null };

/** Simulated devices in processes of their own, steered together. */
export class Fleet {
  readonly #shards: { child: Child; size: number; counts: FleetCounts }[];
  readonly #waiting = new Set<() => void>();

  constructor(
    identities: readonly IssuedIdentity[],
    options: { workDir: string; mqttUrl: string; caPem: string; telemetryMs: number },
  ) {
    const { workDir, ...order } = options;
    const processes = Math.ceil(identities.length / perProcess);
    this.#shards = Array.from({ length: processes }, (_, at) => {
      const devices = identities.filter((_identity, index) => index % processes === at);
      const child = startChild(entry, [], { logFile: join(workDir, 'fleet.log') });
      const shard = { child, size: devices.length, counts: nothing };
      child.process.on('message', (counts: FleetCounts) => {
        shard.counts = counts;
        for (const check of this.#waiting) check();
      });
      child.process.send({ type: 'fleet', devices, ...order } satisfies FleetOrder);
      return shard;
    });
  }

  get size(): number {
    return this.#shards.reduce((sum, { size }) => sum + size, 0);
  }

  get connected(): number {
    return this.#shards.reduce((sum, { counts }) => sum + counts.connected, 0);
  }

  /** Ever made. */
  get connections(): number {
    return this.#shards.reduce((sum, { counts }) => sum + counts.connections, 0);
  }

  /** Who was told of a release. */
  told(releaseCounter: number): { devices: number; lastAtMs: number } {
    const told = this.#shards.map(({ counts }) => counts.told[releaseCounter]);
    return {
      devices: told.reduce((sum, each) => sum + (each?.devices ?? 0), 0),
      lastAtMs: Math.max(0, ...told.map((each) => each?.lastAtMs ?? 0)),
    };
  }

  /** Of the report that any device sent last. */
  get lastReport(): FleetCounts['lastReport'] {
    const last = this.#shards.flatMap(({ counts }) => counts.lastReport ?? []);
    return last.sort((a, b) => b.atMs - a.atMs)[0] ?? null;
  }

  /** Starts more devices, up to so many altogether. */
  start(devices: number, perSecond: number): void {
    for (const { child, size } of this.#shards) {
      const share = size / this.size;
      child.process.send({
        type: 'start',
        devices: Math.min(size, Math.ceil(devices * share)),
        perSecond: perSecond * share,
      } satisfies FleetOrder);
    }
  }

  fail(deviceIds: string[]): void {
    this.#toAll({ type: 'fail', deviceIds });
  }

  report(perSecond: number): void {
    this.#toAll({ type: 'report', perSecond: perSecond / this.#shards.length });
  }

  /** Resolves as soon as the devices say that it is so. */
  async until(what: string, isSo: () => boolean, timeoutMs: number): Promise<void> {
    if (isSo()) return;
    let timer: NodeJS.Timeout | undefined;
    let check = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        check = () => isSo() && resolve();
        this.#waiting.add(check);
        timer = setTimeout(
          () => reject(new Error(`waited ${timeoutMs} ms for ${what}: ${this.connected} are connected`)),
          timeoutMs,
        );
        for (const { child } of this.#shards)
          child.exited.then((status) => reject(new Error(`devices ended with ${status}:\n${child.said}`)));
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(check);
    }
  }

  async stop(): Promise<void> {
    this.#toAll({ type: 'end' });
    await Promise.all(this.#shards.map(({ child }) => Promise.race([child.exited, child.stop(30_000)])));
  }

  #toAll(order: FleetOrder): void {
    for (const { child } of this.#shards) child.process.send(order);
  }
}
