import type { TelemetryMessage } from '@lineside/shared';
import { addTo, type Steps } from '../../learning/statistics/bounded-mean.js';
import type { ReleaseReport } from './load.js';

/** What the device did until it was told; null: too little to compare with. */
export interface Baseline {
  flagShare: number | null;
  latencyP95Ms: number | null;
}

/** Of so many frames so many. */
export interface Counted {
  hits: number;
  of: number;
}

/** What a device's counters told since it runs the new model. Plain data: it is stored with the execution. */
export interface Evidence {
  baseline: Baseline;
  /** Shares of flagged frames; shares of frames the champion decided otherwise; reports with a high latency, 0 or 1. */
  flags: Steps;
  disagreement: Steps;
  latency: Steps;
  /** The frames behind those shares: an observation may be of one frame or of a thousand. Absent in what was stored before. */
  frames?: { flags: Counted; disagreement: Counted };
  /** Counters at the last observation; null: none yet with this model. */
  telemetry: { at: number; decided: number; flagged: number } | null;
  shadow: { at: number; compared: number; disagreed: number } | null;
}

const fewestFrames = 50;

export const newEvidence = (baseline: Baseline): Evidence => ({
  baseline,
  ...{ flags: {}, disagreement: {}, latency: {} },
  frames: { flags: { hits: 0, of: 0 }, disagreement: { hits: 0, of: 0 } },
  ...{ telemetry: null, shadow: null },
});

/** From the last telemetry before the device is told. */
export function baselineOf(telemetry: TelemetryMessage | null): Baseline {
  if (!telemetry || telemetry.framesDecided < fewestFrames) return { flagShare: null, latencyP95Ms: null };
  const { framesFlagged, framesDecided, decisionMs } = telemetry;
  return { flagShare: Math.min(1, framesFlagged / framesDecided), latencyP95Ms: decisionMs.p95 };
}

export interface Watching {
  /** What one device shows within this time is one observation, milliseconds. */
  apartMs: number;
  /** Multiple of the p95 of before that is still all right. */
  latencyFactor: number;
  /** Release of the champion in the shadow; null: there is none. */
  shadowCounter: number | null;
}

/**
 * Takes the latest counters in. Those of an agent that started anew begin anew, and so do those of the moment in which
 * the new model took over.
 * @returns null when there is nothing new
 */
export function observeCounters(
  before: Evidence,
  reported: ReleaseReport,
  telemetry: TelemetryMessage | null,
  { apartMs, latencyFactor, shadowCounter }: Watching,
): Evidence | null {
  const evidence = structuredClone(before);
  let isNew = false;
  if (telemetry) {
    const now = { at: telemetry.at, decided: telemetry.framesDecided, flagged: telemetry.framesFlagged };
    const last = evidence.telemetry;
    if (!last || now.decided < last.decided || now.at < last.at) {
      evidence.telemetry = now;
      isNew = true;
    } else if (now.at - last.at >= apartMs && now.decided > last.decided) {
      observe(evidence, 'flags', now.flagged - last.flagged, now.decided - last.decided);
      const usual = evidence.baseline.latencyP95Ms;
      if (usual !== null) addTo(evidence.latency, telemetry.decisionMs.p95 > usual * latencyFactor ? 1 : 0);
      evidence.telemetry = now;
      isNew = true;
    }
  }
  const { shadow } = reported;
  if (shadow && shadow.releaseCounter === shadowCounter) {
    const now = { at: reported.at, compared: shadow.compared, disagreed: shadow.disagreed };
    const last = evidence.shadow;
    if (!last || now.compared < last.compared || now.at < last.at) {
      evidence.shadow = now;
      isNew = true;
    } else if (now.at - last.at >= apartMs && now.compared > last.compared) {
      observe(evidence, 'disagreement', now.disagreed - last.disagreed, now.compared - last.compared);
      evidence.shadow = now;
      isNew = true;
    }
  }
  return isNew ? evidence : null;
}

function observe(evidence: Evidence, kind: 'flags' | 'disagreement', hits: number, of: number): void {
  addTo(evidence[kind], hits / of);
  const counted = evidence.frames?.[kind];
  if (counted) {
    counted.hits += hits;
    counted.of += of;
  }
}
