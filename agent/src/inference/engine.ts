import { type BenchmarkResult, isErrorCode, LinesideError, toLinesideError } from '@lineside/shared';
import { type InferenceBackend, type ModelSession, SessionGone } from './backend.js';
import { measure } from './benchmark.js';
import { FairQueue, type Ticketed } from './fair-queue.js';
import type {
  Backend,
  BenchmarkHost,
  BenchmarkOptions,
  Inference,
  LoadedPackage,
  ModelHost,
  Pixels,
  SwapPhase,
} from './model.js';
import { RecentSizes } from './recent-sizes.js';
import { ShadowSlot } from './shadow.js';
import { checkSuits, type Proven, proveFaster } from './variant-trial.js';

export interface EngineEvents {
  /** What runs the model is gone, could not be started again, or is not what was asked for; the engine goes on trying. */
  onFault(error: LinesideError): void;
}

export interface EngineBackends {
  /** What the configuration asks for. */
  readonly primary: InferenceBackend;
  /** Decides while the primary one is out of reach; null: nothing does. */
  readonly fallback: InferenceBackend | null;
  /** Runs challengers. */
  readonly shadow: InferenceBackend;
  /** In [0, 1): which frames a challenger sees. */
  readonly random?: () => number;
}

interface Job extends Ticketed {
  readonly lane: string;
  readonly pixels: Pixels;
  retried: boolean;
  resolve(inference: Inference): void;
  reject(error: LinesideError): void;
}

interface Cut {
  readonly model: LoadedPackage;
  readonly session: ModelSession;
  /** Takes the session that is to be closed: the old one, or this one if another cut came first. */
  done(spent: ModelSession | null): void;
}

/** Two requests at the model: the second one's pixels are there before the first is through. */
const inFlightLimit = 2;
/** What variants are timed on before a camera has delivered. */
const usualSize = { width: 640, height: 480 };
const firstBackoffMs = 100;
const longestBackoffMs = 30_000;

/**
 * The one model that decides, and its exchange.
 *
 * Invariants: jobs start in the order of the fair queue; at a cut-over nothing is in flight, so every frame is
 * answered by exactly one model, and frames of one camera are answered in order.
 */
export class InferenceEngine implements ModelHost, BenchmarkHost {
  readonly shadow: ShadowSlot;
  readonly #backends: EngineBackends;
  readonly #events: EngineEvents;
  readonly #queue = new FairQueue<Job>();
  readonly #sizes = new RecentSizes();
  #model: LoadedPackage | null = null;
  /** Null while there is no model, or while what ran it is being replaced. */
  #session: ModelSession | null = null;
  /** Why the primary backend does not run the model; null: it does. */
  #lost: LinesideError | null = null;
  /** Nothing can decide until the primary backend is back. */
  #idle = false;
  #cut: Cut | null = null;
  #swaps: Promise<void> = Promise.resolve();
  #inFlight = 0;
  #tickets = 0;
  #answered = 0;
  #backoffMs = firstBackoffMs;
  #respawn: NodeJS.Timeout | null = null;
  readonly #stopping = new AbortController();

  constructor(backends: EngineBackends, events: EngineEvents) {
    this.#backends = backends;
    this.#events = events;
    this.shadow = new ShadowSlot(backends.shadow, backends.random ?? Math.random);
  }

  active(): LoadedPackage | null {
    return this.#model;
  }

  backend(): Backend {
    const { requested } = this.#backends.primary;
    const lost = this.#lost && { message: this.#lost.message.slice(0, 300) };
    if (!this.#session) return { requested, actual: 'none', degraded: lost !== null, ...lost };
    const { backend } = this.#session;
    return lost ? { requested, actual: backend.actual, degraded: true, ...lost } : backend;
  }

  swap(next: LoadedPackage, onPhase?: (phase: SwapPhase) => void): Promise<void> {
    const swapped = this.#swaps.then(() => this.#exchange(next, onPhase));
    this.#swaps = swapped.catch(() => {});
    return swapped;
  }

  /**
   * Runs the active model on one picture; null when there is no model yet. If what runs it goes away meanwhile, the
   * picture gets one more try.
   * @param lane pictures of one lane are answered in order, lanes take turns
   * @throws LinesideError `inference_failed`, or `unavailable` when the engine stops
   */
  infer(lane: string, pixels: Pixels): Promise<Inference | null> {
    if (this.#stopped) return Promise.reject(stopError());
    if (!this.#model) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.#queue.push(lane, { ticket: this.#tickets++, lane, pixels, retried: false, resolve, reject });
      this.#pump();
    });
  }

  async benchmark(model: LoadedPackage | null, options: BenchmarkOptions): Promise<BenchmarkResult> {
    const measured = model ?? this.#model;
    if (!measured) throw new LinesideError('model_absent');
    const before = this.#answered;
    const result = await measure(this.#backends.primary, measured, options, this.#stopping.signal);
    return { ...result, besideLoad: this.#answered > before };
  }

  /** Puts another session in the place of one that does not answer; what waited for it gets one more try. */
  async restart(): Promise<void> {
    const session = this.#session;
    if (!session || this.#cut) return;
    session.onGone(new SessionGone('inference_failed', 'it did not answer and was ended'));
    await session.close();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(stopError());
    if (this.#respawn) clearTimeout(this.#respawn);
    this.#rejectQueued(stopError());
    const cut = this.#cut;
    this.#cut = null;
    cut?.done(cut.session);
    const session = this.#session;
    this.#session = null;
    await Promise.all([session?.close(), this.shadow.stop()]);
    await this.#swaps;
  }

  get #stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #exchange(next: LoadedPackage, onPhase?: (phase: SwapPhase) => void): Promise<void> {
    const { primary, fallback } = this.#backends;
    const [size = usualSize] = this.#sizes.all;
    let proven: Proven;
    let lost: LinesideError | null = null;
    try {
      proven = await proveFaster(next, (model) => this.#prove(primary, model, onPhase), size);
    } catch (error) {
      if (!fallback || !isErrorCode(error, 'backend_unreachable')) throw error;
      lost = error;
      proven = { model: next, session: await this.#prove(fallback, next, onPhase) };
    }
    await this.#cutOver(proven.model, proven.session, lost);
  }

  /** Loads the model, runs its golden frames and one picture of each size that the cameras deliver. */
  async #prove(
    backend: InferenceBackend,
    model: LoadedPackage,
    onPhase?: (phase: SwapPhase) => void,
  ): Promise<ModelSession> {
    if (this.#stopped) throw stopError();
    const { signal } = this.#stopping;
    const session = await backend.load(model, { signal, ...(onPhase && { onPhase }) });
    try {
      checkSuits(model, session);
      onPhase?.('self_testing');
      await session.selfTest();
      for (const size of this.#sizes.all) await session.warmUp(size);
      if (this.#stopped) throw stopError();
      return session;
    } catch (error) {
      await session.close();
      throw this.#stopped ? stopError() : error;
    }
  }

  /** What served before; in place of a variant that does not open any more, the model itself. */
  async #proveAgain(model: LoadedPackage): Promise<Proven> {
    const { primary } = this.#backends;
    try {
      return { model, session: await this.#prove(primary, model) };
    } catch (error) {
      const { itself } = model;
      if (!itself || isErrorCode(error, 'unavailable') || isErrorCode(error, 'backend_unreachable'))
        throw error;
      return { model: itself, session: await this.#prove(primary, itself) };
    }
  }

  async #cutOver(model: LoadedPackage, session: ModelSession, lost: LinesideError | null): Promise<void> {
    const spent = await new Promise<ModelSession | null>((done) => {
      const earlier = this.#cut;
      this.#cut = {
        model,
        session,
        done: (old) => {
          if (old !== session) this.#lost = lost;
          done(old);
        },
      };
      earlier?.done(earlier.session);
      this.#pump();
    });
    await spent?.close();
    if (spent === session) throw this.#stopped ? stopError() : new LinesideError('unavailable', 'overtaken');
    if (lost) {
      this.#events.onFault(lost);
      this.#replaceLater();
    } else if (session.backend.degraded) {
      this.#events.onFault(new LinesideError('backend_degraded', session.backend.message));
    }
  }

  #pump(): void {
    if (this.#cut && this.#inFlight === 0) this.#install(this.#cut);
    while (!this.#cut && this.#session && this.#model && this.#inFlight < inFlightLimit) {
      const job = this.#queue.shift();
      if (!job) return;
      void this.#run(job, this.#session, this.#model);
    }
    if (this.#idle && !this.#cut)
      this.#rejectQueued(new LinesideError('inference_failed', this.#lost?.message));
  }

  #install(cut: Cut): void {
    if (this.#respawn) clearTimeout(this.#respawn);
    this.#respawn = null;
    this.#cut = null;
    const old = this.#session;
    this.#model = cut.model;
    this.#adopt(cut.session);
    cut.done(old);
  }

  #adopt(session: ModelSession): void {
    this.#session = session;
    this.#idle = false;
    session.onGone = (error) => {
      if (this.#session !== session || this.#stopped) return;
      this.#session = null;
      void session.close();
      this.#lost = error;
      this.#events.onFault(error);
      this.#replaceLater();
      if (isErrorCode(error, 'backend_unreachable')) void this.#fallBack(error);
    };
  }

  /** The primary backend is out of reach: lets the other one decide, or nobody. */
  async #fallBack(lost: LinesideError): Promise<void> {
    const { fallback } = this.#backends;
    const model = this.#model;
    try {
      if (!fallback || !model) throw lost;
      // Variants are for what is gone.
      const session = await this.#prove(fallback, model.itself ?? model);
      if (this.#session || this.#cut || this.#model !== model || this.#stopped) return void session.close();
      this.#adopt(session);
    } catch (error) {
      if (this.#session || this.#stopped) return;
      this.#idle = true;
      if (error !== lost) this.#events.onFault(toLinesideError(error, 'inference_failed'));
    }
    this.#pump();
  }

  #replaceLater(): void {
    if (this.#respawn) clearTimeout(this.#respawn);
    this.#respawn = setTimeout(() => void this.#replace(), this.#backoffMs);
    this.#backoffMs = Math.min(this.#backoffMs * 2, longestBackoffMs);
  }

  /** Gives the model back to the primary backend, if that is there again. */
  async #replace(): Promise<void> {
    const model = this.#model;
    if (!model) return;
    try {
      const proven = await this.#proveAgain(model);
      // A swap that came first has a session of its own.
      if (this.#stopped || this.#cut || this.#model !== model) return void proven.session.close();
      await this.#cutOver(proven.model, proven.session, null);
    } catch (error) {
      if (this.#stopped || this.#model !== model || !this.#lost) return;
      this.#events.onFault(toLinesideError(error, 'inference_failed'));
      this.#replaceLater();
    }
  }

  async #run(job: Job, session: ModelSession, model: LoadedPackage): Promise<void> {
    this.#inFlight += 1;
    try {
      const answer = await session.infer(job.pixels);
      if (!this.#lost) this.#backoffMs = firstBackoffMs;
      this.#answered += 1;
      this.#sizes.saw(job.pixels);
      job.resolve({ ...answer, model });
    } catch (error) {
      if (this.#stopped) {
        job.reject(stopError());
      } else if (error instanceof SessionGone && !job.retried) {
        job.retried = true;
        this.#queue.putBack(job.lane, job);
      } else {
        job.reject(
          isErrorCode(error, 'backend_unreachable')
            ? new LinesideError('inference_failed', error.message, { cause: error })
            : toLinesideError(error, 'inference_failed'),
        );
      }
    }
    this.#inFlight -= 1;
    this.#pump();
  }

  #rejectQueued(error: LinesideError): void {
    for (let job = this.#queue.shift(); job; job = this.#queue.shift()) job.reject(error);
  }
}

const stopError = (): LinesideError => new LinesideError('unavailable', 'the engine has stopped');
