import type { CameraConfig, Percentiles, ReportedState } from '@lineside/shared';
import type { AgentConfig } from '../../config.js';
import type { DecisionEvent } from '../../outputs/decision-sink.js';
import type { Vitals } from '../host/vitals.js';
import type { Health } from '../http.js';
import type { Statistics } from '../statistics.js';
import type { FlaggedFrame, Recent } from './recent.js';

type CameraState = ReportedState['cameras'][number];

export interface PageCamera extends CameraState {
  readonly trigger: NonNullable<CameraConfig['trigger']>['kind'] | 'every';
  readonly regionOfInterest: NonNullable<CameraConfig['regionOfInterest']> | null;
  readonly rotation: number;
  /** Of the newest frame, pixels. */
  readonly size: { readonly width: number; readonly height: number } | null;
  readonly captured: number;
  readonly decided: number;
  readonly flagged: number;
  readonly last: Pick<DecisionEvent, 'sequence' | 'capturedAt' | 'decision' | 'reasons'> | null;
}

/** All that the local page shows, in one answer. */
export interface PageStatus extends Omit<Health, 'cameras'> {
  readonly at: number;
  /** none: orders are not possible here; locked: after the PIN; open: now. */
  readonly pin: 'none' | 'locked' | 'open';
  readonly cameras: readonly PageCamera[];
  readonly classes: readonly { readonly id: string; readonly name: string }[];
  readonly spool: { readonly frames: number; readonly bytes: number; readonly maxBytes: number };
  readonly framesUploaded: number;
  readonly decisionMs: Percentiles;
  readonly inferenceMs: Percentiles;
  readonly vitals: Vitals;
  readonly flagged: readonly FlaggedFrame[];
}

export interface StatusSources {
  readonly health: Health;
  readonly config: AgentConfig;
  readonly statistics: Statistics;
  readonly recent: Recent;
  readonly vitals: Vitals;
  readonly spool: { readonly frames: number; readonly bytes: number };
  readonly framesUploaded: number;
  readonly classes: PageStatus['classes'];
  readonly latest: (cameraId: string) => { readonly width: number; readonly height: number } | null;
}

export function pageStatus(sources: StatusSources): Omit<PageStatus, 'pin'> {
  const { health, config, statistics, recent, vitals, spool, classes, latest } = sources;
  const configured = new Map(config.cameras.map((camera) => [camera.id, camera]));
  return {
    ...health,
    at: Date.now(),
    cameras: health.cameras.map((state) => {
      const camera = configured.get(state.id);
      const { captured, decided, flagged } = statistics.camera(state.id);
      const frame = latest(state.id);
      const last = recent.last(state.id);
      return {
        ...state,
        trigger: camera?.trigger?.kind ?? 'every',
        regionOfInterest: camera?.regionOfInterest ?? null,
        rotation: camera?.rotation ?? 0,
        size: frame && { width: frame.width, height: frame.height },
        captured,
        decided,
        flagged,
        last: last && {
          sequence: last.sequence,
          capturedAt: last.capturedAt,
          decision: last.decision,
          reasons: last.reasons,
        },
      };
    }),
    classes,
    spool: { frames: spool.frames, bytes: spool.bytes, maxBytes: config.spool.maxBytes },
    framesUploaded: sources.framesUploaded,
    decisionMs: statistics.decisionMs(),
    inferenceMs: statistics.inferenceMs(),
    vitals,
    flagged: recent.flagged,
  };
}
