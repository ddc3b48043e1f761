import type { Alarm } from '@lineside/shared';
import type { Observation } from './observation.js';
import { alarmRules, type Finding, type Rule } from './rules.js';

/** One thing that is or was just wrong. */
interface Remembered {
  readonly finding: Finding;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** Unix milliseconds; null: not yet an alarm. */
  readonly since: number | null;
}

/** What must be known of the looks before, by kind of finding. */
export type AlarmMemory = ReadonlyMap<string, Remembered>;

export interface AlarmStep {
  readonly memory: AlarmMemory;
  readonly alarms: readonly Alarm[];
  readonly started: readonly Alarm[];
  readonly ended: readonly Alarm[];
}

export const noAlarms: AlarmMemory = new Map();

/** The reported state has room for so many; what is worst comes first. */
const mostAlarms = 64;

const keyOf = ({ code, cameraId = '', subject = '' }: Finding): string => `${code} ${cameraId} ${subject}`;

const toAlarm = ({ code, severity, message, cameraId }: Finding, since: number): Alarm => ({
  code,
  severity,
  message: message.slice(0, 300),
  since: Math.max(0, since),
  ...(cameraId === undefined ? {} : { cameraId }),
});

const rank = ({ severity }: Alarm): number => (severity === 'error' ? 0 : 1);

/**
 * Looks once. An alarm starts when its finding has stood for the rule's time and ends when it has been gone for the
 * rule's time, so that what flickers is told once.
 * @param nowMs monotonic
 */
export function lookForAlarms(
  before: AlarmMemory,
  observed: Observation,
  nowMs: number,
  rules: readonly Rule[] = alarmRules,
): AlarmStep {
  const memory = new Map<string, Remembered>();
  const started: Alarm[] = [];
  const ended: Alarm[] = [];
  for (const rule of rules) {
    const known = [...before.values()].filter(({ finding }) => finding.code === rule.code);
    const active = known.some(({ since }) => since !== null);
    for (const found of rule.find(observed, active)) {
      const finding: Finding = { ...found, code: rule.code };
      const key = keyOf(finding);
      const earlier = before.get(key);
      const firstSeenMs = earlier?.firstSeenMs ?? nowMs;
      const due = nowMs - firstSeenMs >= rule.raiseAfterMs;
      const since = earlier?.since ?? (due ? observed.wallMs - Math.round(nowMs - firstSeenMs) : null);
      if (since !== null && (earlier?.since ?? null) === null) started.push(toAlarm(finding, since));
      memory.set(key, { finding, firstSeenMs, lastSeenMs: nowMs, since });
    }
    for (const earlier of known) {
      const key = keyOf(earlier.finding);
      if (memory.has(key) || earlier.since === null) continue;
      if (nowMs - earlier.lastSeenMs < rule.clearAfterMs) memory.set(key, earlier);
      else ended.push(toAlarm(earlier.finding, earlier.since));
    }
  }
  const alarms = [...memory.values()]
    .flatMap(({ finding, since }) => (since === null ? [] : [toAlarm(finding, since)]))
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, mostAlarms);
  return { memory, alarms, started, ended };
}
