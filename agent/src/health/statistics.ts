import type { Percentiles, ReportedState, StageName, StageReport } from '@lineside/shared';
import { DurationWindow } from './window.js';

type Stages = ReportedState['cameras'][number]['stages'];

/** Counts since the agent started. */
export interface CameraCounts {
  captured: number;
  /** Replaced by a newer frame before the model was free. */
  dropped: number;
  decided: number;
  accepted: number;
  flagged: number;
  /** Flagged, and not kept because a frame like it had just been. */
  duplicates: number;
  /** Flagged, and not kept because the budget is spent. */
  overBudget: number;
  captureErrors: number;
  inferenceErrors: number;
}

const zero = (): CameraCounts => ({
  captured: 0,
  dropped: 0,
  decided: 0,
  accepted: 0,
  flagged: 0,
  duplicates: 0,
  overBudget: 0,
  captureErrors: 0,
  inferenceErrors: 0,
});

/** What became of the decisions handed to one local output. */
export class OutputCounts {
  delivered = 0;
  failed = 0;
  /** Capture to delivered. */
  readonly latencyMs = new DurationWindow();
}

const neverPassed = (): Stages => ({
  captured: { at: null },
  inferred: { at: null },
  decided: { at: null },
  delivered: { at: null },
});

/** What the agent counts and when each stage of each camera last went well. Costs a frame next to nothing. */
export class Statistics {
  readonly #cameras = new Map<string, CameraCounts>();
  readonly #stages = new Map<string, Stages>();
  readonly #outputs = new Map<string, OutputCounts>();
  readonly #inferenceMs = new DurationWindow();
  readonly #decisionMs = new DurationWindow();
  readonly #wallMs: () => number;

  constructor(wallMs: () => number = Date.now) {
    this.#wallMs = wallMs;
  }

  camera(id: string): CameraCounts {
    const known = this.#cameras.get(id);
    if (known) return known;
    const fresh = zero();
    this.#cameras.set(id, fresh);
    return fresh;
  }

  get cameras(): ReadonlyMap<string, Readonly<CameraCounts>> {
    return this.#cameras;
  }

  output(name: string): OutputCounts {
    const known = this.#outputs.get(name);
    if (known) return known;
    const fresh = new OutputCounts();
    this.#outputs.set(name, fresh);
    return fresh;
  }

  get outputs(): ReadonlyMap<string, OutputCounts> {
    return this.#outputs;
  }

  /** Forgets the cameras and outputs that new settings no longer name. */
  keepOnly(cameras: readonly string[], outputs: readonly string[]): void {
    for (const map of [this.#cameras, this.#stages]) {
      for (const id of map.keys()) if (!cameras.includes(id)) map.delete(id);
    }
    for (const name of this.#outputs.keys()) if (!outputs.includes(name)) this.#outputs.delete(name);
  }

  inferred(milliseconds: number): void {
    this.#inferenceMs.add(milliseconds);
  }

  /** Capture to decision. */
  decided(milliseconds: number): void {
    this.#decisionMs.add(milliseconds);
  }

  inferenceMs(): Percentiles {
    return this.#inferenceMs.percentiles();
  }

  decisionMs(): Percentiles {
    return this.#decisionMs.percentiles();
  }

  /** A frame of this camera went well through a stage. */
  passed(cameraId: string, stage: StageName): void {
    const stages = this.#stagesOf(cameraId);
    stages[stage].at = this.#wallMs();
  }

  failed(cameraId: string, stage: StageName, message: string): void {
    const report: StageReport = this.#stagesOf(cameraId)[stage];
    report.failedAt = this.#wallMs();
    report.message = message.slice(0, 300);
  }

  /** What happened last to the frames of a camera, stage by stage. */
  stages(cameraId: string): Stages {
    return structuredClone(this.#stagesOf(cameraId));
  }

  total(): CameraCounts {
    const sum = zero();
    for (const counts of this.#cameras.values()) {
      for (const key of Object.keys(sum) as (keyof CameraCounts)[]) sum[key] += counts[key];
    }
    return sum;
  }

  #stagesOf(cameraId: string): Stages {
    const known = this.#stages.get(cameraId);
    if (known) return known;
    const fresh = neverPassed();
    this.#stages.set(cameraId, fresh);
    return fresh;
  }
}
