import { setTimeout as delay } from 'node:timers/promises';
import type { IssuedIdentity } from './identities.js';
import { SimulatedDevice } from './simulated-device.js';

/** What the parent process sends. */
export type FleetOrder =
  | { type: 'fleet'; devices: IssuedIdentity[]; mqttUrl: string; caPem: string; telemetryMs: number }
  /** Starts the first so many devices, as many of them in a second. */
  | { type: 'start'; devices: number; perSecond: number }
  | { type: 'fail'; deviceIds: string[] }
  /** Devices report by turns, so many times in a second altogether; 0: no more. */
  | { type: 'report'; perSecond: number }
  | { type: 'end' };

/** What it sends to the parent, when it has changed; times in milliseconds since 1970. */
export interface FleetCounts {
  type: 'counts';
  connected: number;
  /** Ever made. */
  connections: number;
  /** By release counter: how many devices were told, and when the last of them was. */
  told: Record<number, { devices: number; lastAtMs: number }>;
  /** Of the report sent last. */
  lastReport: { deviceId: string; atMs: number } | null;
}

const sayMs = 50;
const reportTickMs = 20;

const fleet = new Map<string, SimulatedDevice>();
const counts: FleetCounts = { type: 'counts', connected: 0, connections: 0, told: {}, lastReport: null };
let changed = false;
let started = 0;
let reporting: NodeJS.Timeout | undefined;

const saying = setInterval(() => {
  if (!changed) return;
  changed = false;
  process.send?.(counts);
}, sayMs);

function createFleet(order: Extract<FleetOrder, { type: 'fleet' }>): void {
  for (const identity of order.devices) {
    const device = new SimulatedDevice({
      identity,
      mqttUrl: order.mqttUrl,
      caPem: order.caPem,
      telemetryMs: order.telemetryMs,
      onConnection: (connected) => {
        counts.connected += connected ? 1 : -1;
        if (connected) counts.connections++;
        changed = true;
      },
      onTold: (releaseCounter) => {
        const devices = (counts.told[releaseCounter]?.devices ?? 0) + 1;
        counts.told[releaseCounter] = { devices, lastAtMs: Date.now() };
        changed = true;
      },
    });
    fleet.set(identity.deviceId, device);
  }
  let next = 0;
  const devices = [...fleet.values()];
  setInterval(() => {
    // Spread over the interval, as those of a real fleet are.
    const due = Math.ceil((devices.length * 1000) / order.telemetryMs);
    for (let n = 0; n < due; n++) devices[next++ % devices.length]?.sendTelemetry();
  }, 1000);
}

async function start(upTo: number, perSecond: number): Promise<void> {
  const devices = [...fleet.values()];
  const startMs = performance.now();
  const first = started;
  for (; started < upTo; started++) {
    const aheadMs = ((started - first) / perSecond) * 1000 - (performance.now() - startMs);
    if (aheadMs > 5) await delay(aheadMs);
    devices[started]?.start();
  }
}

function report(perSecond: number): void {
  clearInterval(reporting);
  if (perSecond === 0) return;
  const devices = [...fleet];
  let next = 0;
  let due = 0;
  reporting = setInterval(() => {
    due += (perSecond * reportTickMs) / 1000;
    for (; due >= 1; due--) {
      const [deviceId, device] = devices[next++ % devices.length]!;
      device.report({});
      counts.lastReport = { deviceId, atMs: Date.now() };
    }
    changed = true;
  }, reportTickMs);
}

async function end(): Promise<void> {
  clearInterval(saying);
  clearInterval(reporting);
  await Promise.all([...fleet.values()].map((device) => device.stop()));
  process.exit(0);
}

process.once('disconnect', () => process.exit(1));
process.on('message', (order: FleetOrder) => {
  switch (order.type) {
    case 'fleet':
      return createFleet(order);
    case 'start':
      return void start(order.devices, order.perSecond);
    case 'fail':
      for (const id of order.deviceIds) fleet.get(id)?.fail();
      return;
    case 'report':
      return report(order.perSecond);
    case 'end':
      return void end();
  }
});
