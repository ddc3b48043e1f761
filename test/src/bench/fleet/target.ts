import type { FleetCounts } from './fleet-process.js';

/** Lets `weigh` ask the process to collect its garbage. */
export const collecting = {
  NODE_OPTIONS: `--import=${new URL('./collect-on-signal.js', import.meta.url).href}`,
};

/** A server process that a fleet is tried on; it comes back under the same address. */
export interface Target {
  readonly name: 'lineside' | 'bare';
  readonly mqttUrl: string;
  readonly pid: number;
  /** SIGKILL, and a new process. */
  restart(): Promise<void>;
  /** Reported states that this process took in. */
  reports(): Promise<number>;
  /** Resolves when this report, and every one before it, is where people can read it. */
  known(report: NonNullable<FleetCounts['lastReport']>): Promise<void>;
  /** Resolves when so many devices are known to be connected. */
  online(devices: number): Promise<void>;
  stop(): Promise<void>;
}
