import { say } from '@lineside/shared';
import { exactUpperBound } from '../../learning/statistics/binomial.js';
import {
  addTo,
  countOf,
  evidenceAgainst,
  meanUpperBound,
  type Steps,
  type Stream,
  sumOf,
} from '../../learning/statistics/bounded-mean.js';
import type { Counted, Evidence } from './evidence.js';
import { hasEnded } from './executions.js';
import type { Condition, ConditionFigures, QualityPlan } from './quality-plan.js';
import type { ExecutionState } from './transitions.js';

/** One frame of the random sample. */
export interface SampledFrame {
  classId: string;
  confidence: number;
}

export interface WatchedDevice {
  name: string;
  state: ExecutionState;
  /** Of its failure. */
  code: string | null;
  evidence: Evidence | null;
  /** Random samples under the new model and under the one before it, thinned. */
  frames: readonly SampledFrame[];
  before: readonly SampledFrame[];
}

/** Reports with a latency above the limit that a device may have: neighbours on the box are no fault of the model. */
const lateShare = 0.2;
/** A limit of 1 cannot be exceeded. */
const below1 = 0.999;

interface Part extends Stream {
  device: string;
  /** Parts of one subject are looked at together. */
  subject: string | null;
  /** What is measured is one minus the values. */
  inverse?: boolean;
  /** The champion's mean. */
  reference: number | null;
  /** The frames behind the values. */
  frames?: Counted | undefined;
}

/** A share of frames where they were counted, else the mean of the values. */
function measuredIn(parts: readonly Part[], observations: number): number {
  const hits = parts.reduce((sum, { frames }) => sum + (frames?.hits ?? 0), 0);
  const of = parts.reduce((sum, { frames }) => sum + (frames?.of ?? 0), 0);
  if (of > 0) return hits / of;
  const mean = parts.reduce((sum, { steps }) => sum + sumOf(steps), 0) / observations;
  return parts[0]?.inverse ? 1 - mean : mean;
}

/**
 * How each condition stands. The permitted false alarms are shared among conditions; one that is compared with a sample
 * of the champion's frames spends half on the bounds of that sample. Within a condition the group as a whole and each
 * device alone have half of the bets each, so that what one device shows is not drowned by the others.
 */
export function judgeQuality(plan: QualityPlan, devices: readonly WatchedDevice[]): ConditionFigures[] {
  const share = plan.falseAlarm / plan.conditions.length;
  return plan.conditions.map((condition) => {
    const sampled = condition.kind === 'class_share' || condition.kind === 'confidence';
    const spent = sampled ? share / 2 : share;
    const parts = partsOf(condition, devices, spent);
    return figuresOf(condition, parts, 1 / spent, plan.observations);
  });
}

function figuresOf(
  condition: Condition,
  parts: readonly Part[],
  needed: number,
  observationsNeeded: number,
): ConditionFigures {
  const subjects = [...new Set(parts.map(({ subject }) => subject))];
  const bets = subjects.map((subject) => {
    const mine = parts.filter((part) => part.subject === subject);
    const alone = mine.map((part) => ({ part, evidence: evidenceAgainst([part]) }));
    const mean = alone.reduce((sum, each) => sum + each.evidence, 0) / Math.max(1, alone.length);
    alone.sort((a, b) => b.evidence - a.evidence);
    return { subject, mine, worst: alone[0], evidence: (evidenceAgainst(mine) + mean) / 2 };
  });
  const evidence = bets.length === 0 ? 1 : bets.reduce((sum, bet) => sum + bet.evidence, 0) / bets.length;
  bets.sort((a, b) => b.evidence - a.evidence);
  const shown = bets[0];
  const mine = shown?.mine ?? [];
  const observations = mine.reduce((sum, { steps }) => sum + countOf(steps), 0);
  const references = mine.flatMap(({ reference }) => (reference === null ? [] : [reference]));
  return {
    ...condition,
    measured: observations === 0 ? null : measuredIn(mine, observations),
    reference:
      references.length === 0 ? null : references.reduce((sum, each) => sum + each, 0) / references.length,
    subject: shown?.subject ?? (shown && mine.length > 1 ? (shown.worst?.part.device ?? null) : null),
    observations,
    evidence,
    needed,
    state:
      evidence >= needed
        ? 'violated'
        : observations < Math.max(1, observationsNeeded)
          ? 'gathering'
          : 'holding',
  };
}

/** @param alpha probability that the champion's sample may mislead with */
function partsOf({ kind, limit }: Condition, devices: readonly WatchedDevice[], alpha: number): Part[] {
  switch (kind) {
    case 'disagreement':
      return counters(devices, ({ disagreement, frames }) => ({
        steps: disagreement,
        frames: frames?.disagreement,
        atMost: limit,
        reference: null,
      }));
    case 'flag_rate':
      return counters(devices, ({ flags, frames, baseline: { flagShare } }) =>
        flagShare === null
          ? null
          : { steps: flags, frames: frames?.flags, atMost: flagShare + limit, reference: flagShare },
      );
    case 'latency':
      return counters(devices, ({ latency }) => ({ steps: latency, atMost: lateShare, reference: null }));
    case 'golden':
      return [golden(devices, limit)];
    case 'confidence':
      return confidence(devices, limit, alpha);
    case 'class_share':
      return classShares(devices, limit, alpha);
  }
}

function counters(
  devices: readonly WatchedDevice[],
  read: (evidence: Evidence) => Pick<Part, 'steps' | 'frames' | 'atMost' | 'reference'> | null,
): Part[] {
  return devices.flatMap(({ name, evidence }) => {
    const part = evidence && read(evidence);
    if (!part) return [];
    return { ...part, atMost: Math.min(below1, part.atMost), device: name, subject: null };
  });
}

/** Every device that is through is one observation. */
function golden(devices: readonly WatchedDevice[], limit: number): Part {
  const steps: Steps = {};
  for (const { state, code } of devices) {
    if (hasEnded(state)) addTo(steps, code === 'self_test_failed' ? 1 : 0);
  }
  return { steps, atMost: Math.min(below1, limit), device: '', subject: null, reference: null };
}

function confidence(devices: readonly WatchedDevice[], drop: number, alpha: number): Part[] {
  const compared = devices.filter(({ before }) => before.length > 1);
  return compared.map(({ name, frames, before }) => {
    const doubts = before.map((frame) => 1 - frame.confidence);
    const bound = meanUpperBound(doubts, 1 - alpha / compared.length);
    const steps: Steps = {};
    for (const frame of frames) addTo(steps, 1 - frame.confidence);
    const reference = 1 - doubts.reduce((sum, doubt) => sum + doubt, 0) / doubts.length;
    return {
      steps,
      atMost: Math.min(below1, bound + drop),
      device: name,
      subject: null,
      inverse: true,
      reference,
    };
  });
}

/** For each class, whether it is decided too often, and whether too seldom. */
function classShares(devices: readonly WatchedDevice[], within: number, alpha: number): Part[] {
  const compared = devices.filter(({ before }) => before.length > 1);
  const classIds = [
    ...new Set(
      compared.flatMap(({ frames, before }) => [...before, ...frames].map(({ classId }) => classId)),
    ),
  ].sort();
  const confidence = 1 - alpha / Math.max(1, compared.length * classIds.length * 2);
  return classIds.flatMap((classId) =>
    [false, true].flatMap((isSeldom) =>
      compared.map(({ name, frames, before }) => {
        const counts = (frame: SampledFrame) => (frame.classId === classId) !== isSeldom;
        const hits = before.filter(counts).length;
        const steps: Steps = {};
        for (const frame of frames) addTo(steps, counts(frame) ? 1 : 0);
        const share = hits / before.length;
        return {
          steps,
          atMost: Math.min(below1, exactUpperBound(hits, before.length, confidence) + within),
          device: name,
          subject: `${classId}${isSeldom ? ' more seldom' : ' more often'}`,
          inverse: isSeldom,
          reference: isSeldom ? 1 - share : share,
        };
      }),
    ),
  );
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

/** The first condition that fails, as a sentence with its figures; null: none. */
export function violationOf(conditions: readonly ConditionFigures[]): string | null {
  const violated = conditions.find(({ state }) => state === 'violated');
  if (!violated) return null;
  const { kind, limit, measured, reference, subject, observations } = violated;
  const value = percent(measured ?? 0);
  const before = reference === null ? '' : say('gate_before', { share: percent(reference) });
  const where = subject === null ? '' : ` (${subject})`;
  const figures = { value, n: observations, limit: percent(limit) };
  switch (kind) {
    case 'disagreement':
      return say('quality_disagreement', { ...figures, where });
    case 'class_share':
      return `class ${subject ?? ''}: ${say('quality_class_share', { ...figures, before })}`;
    case 'confidence':
      return say('quality_confidence', { ...figures, where, before });
    case 'flag_rate':
      return say('quality_flag_rate', { ...figures, where, before });
    case 'latency':
      return say('quality_latency', { ...figures, limit, where, late: percent(lateShare) });
    case 'golden':
      return say('quality_golden', figures);
  }
}
