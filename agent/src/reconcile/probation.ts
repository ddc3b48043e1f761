/** What the running model has done since the agent started. */
export interface Vitals {
  decided: number;
  errors: number;
}

export interface ProbationRule {
  /** A model on trial is watched at least so long. */
  graceMs: number;
  /** … and until it has decided so many frames, */
  minDecisions: number;
  /** … but no longer than this: a camera may see nothing for hours. */
  maxWaitMs: number;
}

export const defaultProbation: ProbationRule = { graceMs: 2000, minDecisions: 3, maxWaitMs: 8_000 };

/** Golden frames proved it on known pictures; this proves it on what this camera really sees. */
export function judge(
  rule: ProbationRule,
  elapsedMs: number,
  before: Vitals,
  now: Vitals,
): 'wait' | 'confirm' | 'roll_back' {
  const decided = now.decided - before.decided;
  const errors = now.errors - before.errors;
  if (errors >= Math.max(1, rule.minDecisions) && errors > decided) return 'roll_back';
  if (elapsedMs >= rule.graceMs && decided >= rule.minDecisions && decided > errors) return 'confirm';
  if (elapsedMs >= rule.maxWaitMs) return errors > decided ? 'roll_back' : 'confirm';
  return 'wait';
}
