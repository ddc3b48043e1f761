import type { Decision, FlagReasonKind } from '@lineside/shared';

/** One decided frame, for whoever acts on it beside the camera. */
export interface DecisionEvent {
  readonly cameraId: string;
  readonly sequence: number;
  /** Unix milliseconds */
  readonly capturedAt: number;
  /** Milliseconds of the agent's monotonic clock: tells how old the decision is, and stays inside the agent. */
  readonly capturedAtMonotonicMs: number;
  /** Null: there was no model, or it failed on this frame. */
  readonly decision: Decision | null;
  readonly reasons: readonly FlagReasonKind[];
  readonly group?: string;
  readonly source?: string;
}

/** Where decisions go. Emitting never fails and never waits: a slow reader must not hold up the line. */
export interface DecisionSink {
  emit(event: DecisionEvent): void;
  close(): Promise<void>;
}

/** A configured output. It opens nothing before `start`, so that one set of settings can be made beside another. */
export interface LocalOutput extends DecisionSink {
  start(): void;
  /**
   * Whether this camera is in a state in which what it decides says nothing about what is before it. After the doubt
   * it is relied on again with its first picture taken from then on.
   */
  doubt?(cameraId: string, doubtful: boolean): void;
}

/** A decision as every reader gets it. */
export function decisionJson({ capturedAtMonotonicMs: _, ...told }: DecisionEvent): string {
  return JSON.stringify(told);
}
