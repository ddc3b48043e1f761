import { setTimeout as delay } from 'node:timers/promises';
import { LinesideError, toLinesideError } from '@lineside/shared';
import type { InferenceBackend, ModelSession } from './backend.js';
import type { Inference, LoadedPackage, Pixels, ShadowHost, ShadowReport, ShadowVerdict } from './model.js';

/** A challenger slower than this says nothing of the frame. */
const longestMs = 2000;
const firstPauseMs = 1000;
const longestPauseMs = 300_000;

interface Challenger {
  readonly model: LoadedPackage;
  share: number;
  /** Null while it is being started again. */
  session: ModelSession | null;
  compared: number;
  disagreed: number;
  failed: number;
  error: string | null;
  pauseMs: number;
  restart: NodeJS.Timeout | null;
}

/**
 * A challenger in a session of its own. It has at most one frame at a time and no queue: whatever it does, the
 * champion never waits for it. One that crashes is started again with a growing pause.
 */
export class ShadowSlot implements ShadowHost {
  readonly #backend: InferenceBackend;
  readonly #random: () => number;
  readonly #stopping = new AbortController();
  #challenger: Challenger | null = null;
  #changes: Promise<void> = Promise.resolve();
  #busy = false;

  constructor(backend: InferenceBackend, random: () => number) {
    this.#backend = backend;
    this.#random = random;
  }

  set(model: LoadedPackage | null, share: number): Promise<void> {
    const changed = this.#changes.then(() => this.#change(model, share));
    this.#changes = changed.catch(() => {});
    return changed;
  }

  report(): ShadowReport | null {
    if (!this.#challenger) return null;
    const { model, share, compared, disagreed, failed, error } = this.#challenger;
    return { model, share, compared, disagreed, failed, error };
  }

  async compare(frame: Pixels, inference: Inference): Promise<ShadowVerdict | null> {
    const challenger = this.#challenger;
    // Drawn before anything else is looked at, so that which frames it sees depends on nothing.
    if (!challenger || this.#random() >= challenger.share) return null;
    const { session, model } = challenger;
    if (!session || this.#busy) return null;
    this.#busy = true;
    const limit = new AbortController();
    const answered = session.infer(frame).finally(() => {
      this.#busy = false;
    });
    try {
      const answer = await Promise.race([answered, delay(longestMs, null, { signal: limit.signal })]);
      if (!answer) throw new LinesideError('inference_failed', `no answer within ${longestMs} ms`);
      const own = mostProbable(answer.probabilities, model);
      const agreed = own.classId === mostProbable(inference.probabilities, inference.model).classId;
      challenger.compared += 1;
      if (!agreed) challenger.disagreed += 1;
      challenger.error = null;
      return { agreed, version: model.manifest.version, ...own };
    } catch (error) {
      challenger.failed += 1;
      challenger.error = (error as Error).message;
      // Still busy: it hangs, and nothing but its end gets it out of there.
      if (this.#busy && challenger.session === session) {
        challenger.session = null;
        void session.close();
        this.#startLater(challenger);
      }
      return null;
    } finally {
      limit.abort();
      answered.catch(() => {});
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#end();
    await this.#changes;
    await this.#end();
  }

  async #change(model: LoadedPackage | null, share: number): Promise<void> {
    const running = this.#challenger;
    if (model && running && isSame(running.model, model)) {
      running.share = share;
      return;
    }
    await this.#end();
    if (!model) return;
    const session = await this.#open(model);
    const counts = { compared: 0, disagreed: 0, failed: 0 };
    const challenger: Challenger = {
      model,
      share,
      session,
      ...counts,
      error: null,
      pauseMs: firstPauseMs,
      restart: null,
    };
    this.#challenger = challenger;
    this.#watch(challenger, session);
  }

  async #open(model: LoadedPackage): Promise<ModelSession> {
    const { signal } = this.#stopping;
    const session = await this.#backend.load(model, { purpose: 'shadow', signal });
    try {
      await session.selfTest();
      signal.throwIfAborted();
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  #watch(challenger: Challenger, session: ModelSession): void {
    session.onGone = (error) => {
      challenger.session = null;
      challenger.error = error.message;
      this.#startLater(challenger);
    };
  }

  #startLater(challenger: Challenger): void {
    if (this.#challenger !== challenger) return;
    challenger.restart = setTimeout(() => void this.#start(challenger), challenger.pauseMs);
    challenger.pauseMs = Math.min(2 * challenger.pauseMs, longestPauseMs);
  }

  async #start(challenger: Challenger): Promise<void> {
    try {
      const session = await this.#open(challenger.model);
      if (this.#challenger !== challenger) return void session.close();
      challenger.session = session;
      challenger.error = null;
      this.#watch(challenger, session);
    } catch (error) {
      challenger.error = toLinesideError(error).message;
      this.#startLater(challenger);
    }
  }

  async #end(): Promise<void> {
    const challenger = this.#challenger;
    this.#challenger = null;
    if (challenger?.restart) clearTimeout(challenger.restart);
    await challenger?.session?.close();
  }
}

const isSame = (one: LoadedPackage, other: LoadedPackage): boolean =>
  one.manifestSha256 === other.manifestSha256 &&
  one.releaseCounter === other.releaseCounter &&
  one.variant === other.variant;

function mostProbable(
  probabilities: ArrayLike<number>,
  model: LoadedPackage,
): { classId: string; confidence: number } {
  let classId = '';
  let confidence = -1;
  for (const [index, { id }] of model.manifest.classes.entries()) {
    const probability = probabilities[index] ?? Number.NaN;
    if (!(probability > confidence)) continue;
    classId = id;
    confidence = probability;
  }
  // Rounding inside the graph can leave [0, 1] by an ulp.
  return { classId, confidence: Math.min(1, Math.max(0, confidence)) };
}
