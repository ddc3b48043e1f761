import { setTimeout as delay } from 'node:timers/promises';
import {
  type Decision,
  type FlagReason,
  type FrameMessage,
  isErrorCode,
  LinesideError,
  type PolicyConfig,
  toLinesideError,
} from '@lineside/shared';
import type { CapturedFrame } from '../capture/source.js';
import type { Statistics } from '../health/statistics.js';
import type { Inference, Pixels, ShadowHost, ShadowVerdict } from '../inference/model.js';
import type { DecisionSink } from '../outputs/decision-sink.js';
import { flaggedFrame } from '../outputs/flagged-frame.js';
import type { BudgetKeeper } from '../policy/budget/budget-keeper.js';
import { decide } from '../policy/decide.js';
import { disagreement, flag } from '../policy/flag.js';
import { CameraHealth, type ImageHealth } from '../policy/image/camera-health.js';
import { Novelty } from '../policy/novelty.js';
import type { Random } from '../policy/random.js';
import type { Spool } from '../spool/spool.js';
import { Selection } from './selection.js';

export interface PipelineOptions {
  readonly deviceId: string;
  readonly engine: { infer(lane: string, pixels: Pixels): Promise<Inference | null> };
  /** The challenger that looks on. */
  readonly shadow: Pick<ShadowHost, 'compare'>;
  readonly spool: Pick<Spool, 'put'>;
  readonly budget: Pick<BudgetKeeper, 'admits' | 'spend'>;
  readonly sinks: readonly DecisionSink[];
  readonly statistics: Statistics;
  readonly random: Random;
  /** Asked for every frame, because the fleet server may change it. */
  readonly policy: () => PolicyConfig;
  /** Whether the camera delivers the same picture again and again. */
  readonly isFrozen: (cameraId: string) => boolean;
  readonly onError: (error: LinesideError, cameraId?: string) => void;
  readonly monotonicMs: () => number;
  readonly storageRetryMs?: number;
}

/** What is known of a frame once it is decided. */
interface Decided {
  readonly frame: CapturedFrame;
  readonly inference: Inference | null;
  readonly decision: Decision | null;
  readonly reasons: FlagReason[];
}

const pending = Symbol('pending');

/** From a frame to a decision, to the sinks and, if flagged and worth it, into the spool. */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #selection: Selection;
  readonly #novelty: Novelty;
  readonly #health = new Map<string, CameraHealth>();
  readonly #requested = new Set<string>();
  readonly #stopping = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#selection = new Selection(options.budget);
    this.#novelty = new Novelty((error) => options.onError(error));
  }

  /** Flags the camera's next frame, whatever is decided. */
  requestNext(cameraId: string): void {
    this.#requested.add(cameraId);
  }

  /** How the camera's picture does; null before it was looked at. */
  imageHealth(cameraId: string): ImageHealth | null {
    return this.#health.get(cameraId)?.present ?? null;
  }

  /** Resolves when no frame is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  /** Ends waiting for the disk; frames under way are then rejected. */
  stop(): void {
    this.#stopping.abort();
  }

  /**
   * Resolves when the frame is decided and, if it is to be sent, durable in the spool. A live frame that the challenger
   * still looks at does not wait for it: what becomes of it then is told by `idle`.
   * @param keep whether the source waits: a frame that cannot be stored now is tried again for as long as it takes
   * @throws LinesideError `unavailable` when the agent stops before that
   */
  process(frame: CapturedFrame, keep: boolean): Promise<void> {
    return this.#track(this.#process(frame, keep));
  }

  /** Turns what the model said into a decision, measured from `sinceMonotonicMs`. */
  decision(inference: Inference, sinceMonotonicMs: number): Decision {
    const { manifest } = inference.model;
    const { thresholdOverride } = this.#options.policy();
    const rule = thresholdOverride === undefined ? manifest.decision : { threshold: thresholdOverride };
    return {
      modelVersion: manifest.version,
      ...decide(inference.probabilities, manifest.classes, rule),
      latencyMs: Math.max(0, this.#options.monotonicMs() - sinceMonotonicMs),
    };
  }

  async #track(work: Promise<void>): Promise<void> {
    this.#underWay.add(work);
    try {
      await work;
    } finally {
      this.#underWay.delete(work);
    }
  }

  async #process(frame: CapturedFrame, keep: boolean): Promise<void> {
    const decided = await this.#decide(frame, !keep);
    const { decision, inference } = decided;
    const verdict =
      decision && inference ? this.#options.shadow.compare(frame, inference) : Promise.resolve(null);
    // Most frames the challenger does not look at, and that it tells at once.
    const early = await Promise.race([verdict, Promise.resolve(pending)]);
    if (early !== pending) return this.#send(decided, early as ShadowVerdict | null, keep);
    frame.keep?.();
    const late = verdict.then((told) => this.#send(decided, told, keep));
    if (keep) return late;
    this.#track(late).catch(() => {});
  }

  /** Decides the frame, tells the outputs, and says why it might be sent. */
  async #decide(frame: CapturedFrame, live: boolean): Promise<Decided> {
    const { engine, statistics, random, policy } = this.#options;
    const settings = policy();
    const counts = statistics.camera(frame.cameraId);
    // Both before anything is looked at.
    const audited = random() < settings.auditShare;
    const requested = this.#requested.delete(frame.cameraId);
    let inference: Inference | null = null;
    let failure: LinesideError | null = null;
    let image: FlagReason[] = [];
    try {
      const inferring = engine.infer(frame.cameraId, frame);
      // It may fail while the picture is looked at, before anyone waits for it.
      inferring.catch(() => {});
      // While the model is at it, this thread has nothing else to do.
      if (live) image = this.#lookAt(frame, settings);
      inference = await inferring;
    } catch (error) {
      if (isErrorCode(error, 'unavailable')) throw error;
      failure = toLinesideError(error, 'inference_failed');
      counts.inferenceErrors += 1;
      statistics.failed(frame.cameraId, 'inferred', failure.message);
      this.#options.onError(failure, frame.cameraId);
    }
    const decision = inference ? this.decision(inference, frame.capturedAtMonotonicMs) : null;
    if (inference) {
      statistics.inferred(inference.inferenceMs);
      statistics.passed(frame.cameraId, 'inferred');
    }
    if (decision) {
      counts.decided += 1;
      if (decision.accepted) counts.accepted += 1;
      statistics.decided(decision.latencyMs);
      statistics.passed(frame.cameraId, 'decided');
    }
    const novel = inference && settings.novelty ? this.#novelty.judge(inference) : null;
    const reasons = flag(
      { audited, requested, decision, novel, image, ...(failure ? { failure: failure.message } : {}) },
      settings,
    );
    this.#emit(frame, decision, reasons);
    return { frame, inference, decision, reasons };
  }

  #emit(frame: CapturedFrame, decision: Decision | null, reasons: readonly FlagReason[]): void {
    for (const sink of this.#options.sinks) {
      sink.emit({
        cameraId: frame.cameraId,
        sequence: frame.sequence,
        capturedAt: frame.capturedAt,
        capturedAtMonotonicMs: frame.capturedAtMonotonicMs,
        decision,
        reasons: reasons.map((reason) => reason.kind),
        ...(frame.group === undefined ? {} : { group: frame.group }),
        ...(frame.source === undefined ? {} : { source: frame.source }),
      });
    }
  }

  #lookAt(frame: CapturedFrame, settings: PolicyConfig): FlagReason[] {
    const { cameraId, capturedAt, capturedAtMonotonicMs } = frame;
    let health = this.#health.get(cameraId);
    if (!health) {
      health = new CameraHealth();
      this.#health.set(cameraId, health);
    }
    if (!health.isDue(capturedAtMonotonicMs, settings.imageHealth)) return [];
    const frozen = this.#options.isFrozen(cameraId);
    return health.look(frame, frozen, capturedAtMonotonicMs, capturedAt, settings.imageHealth);
  }

  async #send(decided: Decided, verdict: ShadowVerdict | null, keep: boolean): Promise<void> {
    const { frame, inference, decision, reasons } = decided;
    const disagreed = decision && verdict ? disagreement(decision, verdict) : null;
    if (disagreed) reasons.push(disagreed);
    if (reasons.length === 0) return;
    const { deviceId, statistics, policy, onError } = this.#options;
    const settings = policy();
    const counts = statistics.camera(frame.cameraId);
    counts.flagged += 1;
    try {
      const classId = decision?.classId ?? null;
      const selected = this.#selection.select({ frame, classId, reasons, live: !keep }, settings, counts);
      if (!selected) return;
      const message = await flaggedFrame(
        { frame, reasons: selected.reasons, decision, inference },
        deviceId,
        settings.maxUploadBytes,
      );
      if (!(await this.#selection.pay(selected, message, settings, counts))) return;
      await this.#store(message, keep);
    } catch (error) {
      if (this.#stopping.signal.aborted) {
        throw new LinesideError('unavailable', 'the agent stops', { cause: error });
      }
      onError(toLinesideError(error, 'internal'), frame.cameraId);
    }
  }

  async #store(message: FrameMessage, keep: boolean): Promise<void> {
    const { spool, onError, storageRetryMs = 1000 } = this.#options;
    for (;;) {
      try {
        return await spool.put(message);
      } catch (error) {
        onError(toLinesideError(error, 'storage_failed'), message.cameraId);
        if (!keep) return;
      }
      await delay(storageRetryMs, undefined, { signal: this.#stopping.signal });
    }
  }
}
