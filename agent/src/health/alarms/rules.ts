import { type Alarm, type ErrorCode, say } from '@lineside/shared';
import type { Observation, ObservedCamera } from './observation.js';

/** Something that is wrong at this moment. */
export interface Finding {
  readonly code: ErrorCode;
  readonly severity: Alarm['severity'];
  /** Stays the same while the cause is the same: a changed message is news. */
  readonly message: string;
  readonly cameraId?: string;
  /** Tells findings of one code apart that have no camera. */
  readonly subject?: string;
}

export interface Rule {
  readonly code: ErrorCode;
  /** It must be wrong for so long before it is an alarm, */
  readonly raiseAfterMs: number;
  /** … and right for so long before the alarm ends. */
  readonly clearAfterMs: number;
  /** @param active whether the alarm stands: a threshold is then harder to fall below than it was to reach */
  find(observed: Observation, active: boolean): readonly Omit<Finding, 'code'>[];
}

/** With a look each second and a decision due, a silent camera is an alarm within 8 s. */
const silentAfterMs = 6000;
const startingForMs = 20_000;
const modelPatienceMs = 5000;
const clockOffMs = 120_000;
/** No clock of a running agent is right before this: the agent did not exist. */
const oldestCredibleMs = Date.UTC(2025, 0, 1);
const recentMs = 60_000;
const recentlyEvictedMs = 600_000;
const outputFailures = 3;
const mebibyte = 1 << 20;

const error = (message: string) => [{ severity: 'error' as const, message }];
const warning = (message: string) => [{ severity: 'warning' as const, message }];
const recent = (agoMs: number | null, limitMs: number): boolean => agoMs !== null && agoMs < limitMs;

type CameraFinding = { readonly severity: Alarm['severity']; readonly message: string } | null;
const perCamera =
  (find: (camera: ObservedCamera, observed: Observation) => CameraFinding): Rule['find'] =>
  (observed) =>
    observed.cameras.flatMap((camera) => {
      const found = find(camera, observed);
      return found ? [{ ...found, cameraId: camera.id }] : [];
    });
const inState = (
  state: ObservedCamera['state'],
  severity: Alarm['severity'],
  otherwise: string,
): Rule['find'] =>
  perCamera((camera) => (camera.state === state ? { severity, message: camera.message || otherwise } : null));

function silent({ silence, inferenceMessage }: ObservedCamera, { hasModel }: Observation): CameraFinding {
  if (!silence || silence.forMs < silentAfterMs || !hasModel) return null;
  const cause =
    silence.at === 'capture'
      ? say('alarm_no_frames')
      : inferenceMessage
        ? `${say('alarm_model_fails')}: ${inferenceMessage}`
        : say('alarm_model_mute');
  return { severity: 'error', message: `${say('alarm_silent')}: ${cause}` };
}

/** What is an alarm, in one table. */
export const alarmRules: readonly Rule[] = [
  { code: 'camera_silent', raiseAfterMs: 0, clearAfterMs: 2000, find: perCamera(silent) },
  {
    code: 'capture_stalled',
    raiseAfterMs: 0,
    clearAfterMs: 2000,
    find: perCamera(({ state, stateForMs, silence }) =>
      state === 'starting' && stateForMs >= startingForMs && !silence
        ? { severity: 'error', message: say('alarm_stalled') }
        : null,
    ),
  },
  {
    code: 'capture_failed',
    // A pipeline that is killed is back before this.
    raiseAfterMs: 1500,
    // A new start that fails again takes a while.
    clearAfterMs: 15_000,
    find: (observed, active) => [
      ...inState('failed', 'error', say('alarm_source'))(observed, active),
      ...inState('backing_off', 'error', say('alarm_source_again'))(observed, active),
    ],
  },
  {
    code: 'capture_flapping',
    raiseAfterMs: 0,
    clearAfterMs: 10_000,
    find: inState('flapping', 'error', say('alarm_flapping')),
  },
  {
    code: 'capture_frozen',
    raiseAfterMs: 0,
    clearAfterMs: 3000,
    find: inState('frozen', 'error', say('alarm_frozen')),
  },
  {
    code: 'image_unhealthy',
    raiseAfterMs: 3000,
    clearAfterMs: 10_000,
    find: perCamera(({ imageHealth }) =>
      imageHealth.length > 0
        ? { severity: 'warning', message: `the picture is ${imageHealth.join(' and ')}` }
        : null,
    ),
  },
  {
    code: 'model_absent',
    raiseAfterMs: 0,
    clearAfterMs: 0,
    find: ({ hasModel, uptimeMs }) =>
      !hasModel && uptimeMs >= modelPatienceMs ? error(say('alarm_no_model')) : [],
  },
  {
    code: 'backend_unreachable',
    raiseAfterMs: 2000,
    clearAfterMs: 5000,
    find: ({ hasModel, backend }) =>
      hasModel && backend.actual === 'none'
        ? error(backend.message ?? say('alarm_backend', { backend: backend.requested }))
        : [],
  },
  {
    code: 'backend_degraded',
    raiseAfterMs: 2000,
    clearAfterMs: 5000,
    find: ({ backend: { degraded, requested, actual, message } }) =>
      degraded && actual !== 'none'
        ? warning([say('alarm_degraded', { actual, requested }), message].filter(Boolean).join(': '))
        : [],
  },
  {
    code: 'output_failed',
    raiseAfterMs: 0,
    clearAfterMs: 0,
    find: ({ outputs }) =>
      outputs
        .filter(({ failedInARow }) => failedInARow >= outputFailures)
        .map(({ name }) => ({
          severity: 'error',
          subject: name,
          message: say('alarm_output', { name }),
        })),
  },
  {
    code: 'storage_failed',
    raiseAfterMs: 0,
    clearAfterMs: 0,
    find: ({ storageFailedAgoMs }) => (recent(storageFailedAgoMs, recentMs) ? error(say('alarm_disk')) : []),
  },
  {
    code: 'storage_full',
    raiseAfterMs: 0,
    clearAfterMs: 0,
    find: ({ storageFullAgoMs }) => (recent(storageFullAgoMs, recentMs) ? error(say('alarm_disk_full')) : []),
  },
  {
    code: 'spool_evicting',
    raiseAfterMs: 0,
    clearAfterMs: 0,
    find: ({ evictedAgoMs }) =>
      recent(evictedAgoMs, recentlyEvictedMs) ? warning(say('alarm_evicting')) : [],
  },
  {
    code: 'disk_low',
    raiseAfterMs: 5000,
    clearAfterMs: 30_000,
    find: ({ vitals: { disk }, minFreeBytes }, active) =>
      disk && disk.freeBytes < (active ? 1.25 : 1) * Math.max(minFreeBytes, 64 * mebibyte)
        ? warning(say('alarm_disk_low'))
        : [],
  },
  {
    code: 'memory_low',
    raiseAfterMs: 15_000,
    clearAfterMs: 30_000,
    find: ({ vitals: { memory } }, active) =>
      memory.availableBytes < (active ? 1.5 : 1) * Math.max(64 * mebibyte, 0.04 * memory.totalBytes)
        ? warning(say('alarm_memory'))
        : [],
  },
  {
    code: 'temperature_high',
    raiseAfterMs: 15_000,
    clearAfterMs: 30_000,
    find: ({ vitals: { temperatureCelsius } }, active) =>
      temperatureCelsius !== null && temperatureCelsius > (active ? 80 : 85) ? warning(say('alarm_hot')) : [],
  },
  {
    code: 'clock_wrong',
    raiseAfterMs: 0,
    clearAfterMs: 5000,
    find: ({ clockOffsetMs, wallMs }, active) => {
      if (wallMs < oldestCredibleMs) return warning(say('alarm_clock_old'));
      const offMs = Math.abs(clockOffsetMs ?? 0);
      return offMs > (active ? clockOffMs / 2 : clockOffMs) ? warning(say('alarm_clock')) : [];
    },
  },
  {
    code: 'config_unhealthy',
    raiseAfterMs: 0,
    clearAfterMs: 0,
    find: ({ config: { phase, message } }) =>
      phase === 'rolled_back' ? warning(message || say('alarm_settings_back')) : [],
  },
  {
    code: 'config_invalid',
    raiseAfterMs: 0,
    clearAfterMs: 0,
    find: ({ config: { phase, message } }) =>
      phase === 'rejected' ? warning(message || say('alarm_settings_refused')) : [],
  },
  {
    code: 'hold_lifted',
    raiseAfterMs: 0,
    clearAfterMs: 0,
    find: ({ holdWasLifted }) => (holdWasLifted ? warning(say('alarm_hold')) : []),
  },
  {
    code: 'restarts_exhausted',
    raiseAfterMs: 0,
    clearAfterMs: 0,
    find: ({ gaveUp }) => (gaveUp ? error(gaveUp) : []),
  },
];
