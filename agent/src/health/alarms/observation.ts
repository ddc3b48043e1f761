import type { ReportedState } from '@lineside/shared';
import type { Vitals } from '../host/vitals.js';
import type { Silence } from '../progress/progress.js';

export interface ObservedCamera {
  readonly id: string;
  readonly state: ReportedState['cameras'][number]['state'];
  readonly message?: string;
  /** How long it has been in this state. */
  readonly stateForMs: number;
  readonly silence: Silence | null;
  /** Why the last frame failed at the model, if the last one did. */
  readonly inferenceMessage?: string;
  /** What is wrong with its picture. */
  readonly imageHealth: readonly string[];
}

export interface ObservedOutput {
  readonly name: string;
  /** Deliveries failed since one went well. */
  readonly failedInARow: number;
}

/** All that alarms are made of, at one moment. */
export interface Observation {
  readonly uptimeMs: number;
  readonly wallMs: number;
  readonly cameras: readonly ObservedCamera[];
  readonly hasModel: boolean;
  readonly backend: ReportedState['backend'];
  readonly config: Pick<ReportedState['config'], 'phase' | 'code' | 'message'>;
  /** A hold on updates lasted as long as it may, and nobody on the box has seen that. */
  readonly holdWasLifted: boolean;
  readonly outputs: readonly ObservedOutput[];
  readonly vitals: Vitals;
  /** Frames give way before the disk has less than this left. */
  readonly minFreeBytes: number;
  /** Since the spool last gave a frame up; null: it never did. */
  readonly evictedAgoMs: number | null;
  /** Since the disk last refused to be read or written, by code; null: it never did. */
  readonly storageFullAgoMs: number | null;
  readonly storageFailedAgoMs: number | null;
  /** Device clock minus fleet server's; null: not known. */
  readonly clockOffsetMs: number | null;
  /** Why the agent no longer restarts itself; null: it may. */
  readonly gaveUp: string | null;
}
