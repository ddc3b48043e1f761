import type { RetrainRules, RuleName } from './schemas.js';

export interface RetrainFacts {
  readonly nowMs: number;
  /** A run is queued or running. */
  readonly underWay: boolean;
  /** When the newest run was started, whatever became of it. */
  readonly lastRunMs: number;
  /** Class labels since the last training. */
  readonly newLabels: number;
  /** Open drift alarms raised since the last training. */
  readonly driftAlarms: number;
  /** Frames since the last training that their camera found unlike what its model learnt from. */
  readonly novelFrames: number;
}

/** A run that failed is not tried again at once, and answers given in one sitting go into one run. */
export const restMs = 3_600_000;

/** The rule by which a run is due now; null: none. Without a new label a run would give the same model again. */
export function dueRule(rules: RetrainRules, facts: RetrainFacts): RuleName | null {
  const sinceMs = facts.nowMs - facts.lastRunMs;
  if (facts.underWay || sinceMs < restMs || facts.newLabels < 1) return null;
  if (rules.newLabels !== null && facts.newLabels >= rules.newLabels) return 'new-labels';
  if (rules.drift && facts.driftAlarms > 0) return 'drift';
  if (rules.novelFrames !== null && facts.novelFrames >= rules.novelFrames) return 'novel-frames';
  if (rules.everyHours !== null && sinceMs >= rules.everyHours * 3_600_000) return 'schedule';
  return null;
}
