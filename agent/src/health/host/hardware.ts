import { readFileSync } from 'node:fs';
import { arch, cpus } from 'node:os';
import type { ReportedState } from '@lineside/shared';

/** What this agent runs on: the board's name where the device tree tells it, else the processor's. */
export function describeHardware(): ReportedState['hardware'] {
  let model = cpus()[0]?.model.trim() ?? '';
  try {
    model = readFileSync('/proc/device-tree/model', 'utf8').replaceAll('\0', '').trim() || model;
  } catch {
    // Not a board with a device tree.
  }
  return { arch: arch(), model: (model || 'unknown').slice(0, 128) };
}
