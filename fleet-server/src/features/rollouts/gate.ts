import { type SentenceCode, say } from '@lineside/shared';
import { hasEnded, isFailure } from './executions.js';
import type { ExecutionView } from './machine.js';
import { type ErrorLimit, type FailureKind, failureKinds, type Gate, type PlannedGroup } from './plan.js';

export type Verdict =
  | { kind: 'waits' }
  | { kind: 'passed' }
  /** @property reason a sentence for people, with the figures */
  | { kind: 'failed'; reason: string };

const waits: Verdict = { kind: 'waits' };
const passed: Verdict = { kind: 'passed' };

/**
 * Offline for longer than the gate waits, since it was told at the earliest; or ready for as long, while the plant holds
 * updates there.
 */
export const isOutOfReach = (
  { online, state, lastSeenAtMs, updatedAtMs }: ExecutionView,
  gate: Gate,
  nowMs: number,
): boolean =>
  (state === 'held' || !online) &&
  !hasEnded(state) &&
  nowMs - Math.max(state === 'held' ? 0 : (lastSeenAtMs ?? 0), updatedAtMs) > gate.offlineSeconds * 1000;

export const isOverdue = (
  { online, state, updatedAtMs }: ExecutionView,
  gate: Gate,
  nowMs: number,
): boolean =>
  online &&
  state !== 'queued' &&
  state !== 'held' &&
  !hasEnded(state) &&
  nowMs - updatedAtMs > gate.timeoutSeconds * 1000;

/** What the limits say of a group. @returns why it fails, or null */
export function tooManyFailures(
  { name, gate }: PlannedGroup,
  members: readonly ExecutionView[],
): string | null {
  const through = members.filter(({ state }) => hasEnded(state)).length;
  for (const kind of [...failureKinds, 'any'] as const) {
    const limit = gate.errors[kind];
    const failures = members.filter(({ state }) =>
      kind === 'any' ? isFailure(state) : state === kind,
    ).length;
    if (limit === null || failures <= mostFailures(limit, through, members.length)) continue;
    const allowed = limit.share === 0 ? say('gate_none') : `${Math.round(limit.share * 1000) / 10} %`;
    const devices = members.length === 1 ? say('devices_one') : say('devices_many', { n: members.length });
    return `${name}: ${say(words[kind], { failures, devices, allowed })}`;
  }
  return null;
}

const words = {
  failed: 'gate_failed',
  rejected: 'gate_rejected',
  timed_out: 'gate_timed_out',
  any: 'gate_failed',
} as const satisfies Record<FailureKind | 'any', SentenceCode>;

const mostFailures = ({ share, sample }: ErrorLimit, through: number, devices: number): number =>
  share * Math.min(devices, Math.max(through, sample));

/**
 * Whether a group in which everybody was told is through.
 * @param isProven whether a device confirmed in a group before: a group of which nobody is within reach passes only then
 */
export function succeeds(
  { name, gate }: PlannedGroup,
  members: readonly ExecutionView[],
  isProven: boolean,
  nowMs: number,
): Verdict {
  if (members.length === 0) return passed;
  const within = members.filter((member) => !isOutOfReach(member, gate, nowMs));
  if (within.length === 0) return isProven ? passed : waits;
  const confirmed = within.filter(({ state }) => state === 'confirmed').length;
  const needed = confirmationsNeeded(gate, within.length);
  const settled = within.every(({ state }) => hasEnded(state));
  const enough = confirmed >= needed && (settled || gate.success.kind !== 'settled');
  if (enough) return passed;
  if (!settled) return waits;
  return {
    kind: 'failed',
    reason: `${name}: ${say('gate_unconfirmed', { confirmed, within: within.length, needed })}`,
  };
}

/** At least one: what nobody confirmed is not proven. */
export function confirmationsNeeded({ success }: Gate, withinReach: number): number {
  switch (success.kind) {
    case 'settled':
      return 1;
    case 'devices':
      return Math.min(success.devices, withinReach);
    case 'share':
      return Math.max(1, Math.ceil(success.share * withinReach - 1e-9));
  }
}
