import { type Alarm, type ReportedState, say } from '@lineside/shared';

/** An agent sends telemetry so often when nothing else is known of it. */
const usualIntervalMs = 10_000;
const missedIntervals = 3;
/** Below it a busy line or a long pause of a process would count as silence. */
const leastMs = 3_000;

interface Connected {
  /** On the monotonic clock: the connection, then the last telemetry. */
  heardMs: number;
  intervalMs: number;
}

const intervalOf = (reported: ReportedState): number => {
  const effective = reported.config.effective as { telemetryIntervalMs?: unknown } | null | undefined;
  const given = effective?.telemetryIntervalMs;
  return typeof given === 'number' && given > 0 ? given : usualIntervalMs;
};

/** Finds devices that hold their connection and send no telemetry: their process hangs, and nothing else would tell. */
export class SilenceWatch {
  private readonly devices = new Map<string, Connected>();
  /** By device; at most one each. */
  readonly alarms = new Map<string, readonly Alarm[]>();

  constructor(
    private readonly now: () => number,
    private readonly monotonicMs: () => number = () => performance.now(),
  ) {}

  connected(deviceId: string): void {
    this.alarms.delete(deviceId);
    this.devices.set(deviceId, { heardMs: this.monotonicMs(), intervalMs: usualIntervalMs });
  }

  gone(deviceId: string): void {
    this.alarms.delete(deviceId);
    this.devices.delete(deviceId);
  }

  /** How often telemetry is to come. */
  expect(deviceId: string, reported: ReportedState): void {
    const device = this.devices.get(deviceId);
    if (device) device.intervalMs = intervalOf(reported);
  }

  /** Telemetry came. @returns whether the device was silent before */
  heard(deviceId: string): boolean {
    const device = this.devices.get(deviceId);
    if (device) device.heardMs = this.monotonicMs();
    return this.alarms.delete(deviceId);
  }

  /** @returns devices that have fallen silent since the last look */
  check(): { deviceId: string; message: string }[] {
    const monotonicMs = this.monotonicMs();
    const fresh: { deviceId: string; message: string }[] = [];
    for (const [deviceId, { heardMs, intervalMs }] of this.devices) {
      const silentMs = monotonicMs - heardMs;
      if (this.alarms.has(deviceId) || silentMs < Math.max(leastMs, missedIntervals * intervalMs)) continue;
      const message = say('device_silent', { seconds: Math.round(silentMs / 1000) });
      const since = Math.round(this.now() - silentMs);
      this.alarms.set(deviceId, [{ code: 'device_silent', severity: 'error', message, since }]);
      fresh.push({ deviceId, message });
    }
    return fresh;
  }
}
