import { isDeepStrictEqual } from 'node:util';
import {
  type DesiredState,
  type DeviceClass,
  type ModelTarget,
  type ReportedState,
  toLinesideError,
} from '@lineside/shared';
import type { Clock } from '../clock.js';
import type { Identity } from '../enrol/identity.js';
import { type Holding, neverHeld } from '../hold/update-hold.js';
import type { LoadedPackage, ModelHost, ShadowHost } from '../inference/model.js';
import { type Log, silentLog } from '../log.js';
import { waitFor } from '../news.js';
import { Turns } from '../turns.js';
import { type ArtifactClient, createArtifactClient } from '../update/artifact-client.js';
import { ArtifactStore } from '../update/artifact-store.js';
import type { TrustedPackage } from '../update/package.js';
import { Packages } from '../update/packages.js';
import { type BackoffLimits, backoffMs } from '../uplink/backoff.js';
import { mustBeFor } from './addressee.js';
import { Challenger, type ShadowState } from './challenger.js';
import { codedError, isTransient } from './failures.js';
import { type Actual, plan } from './plan.js';
import type { ShadowStep } from './plan-shadow.js';
import { defaultProbation, type ProbationRule, type Vitals } from './probation.js';
import { type StateFile, stateFile } from './state-file.js';
import { isModel, runStep, type StepContext } from './steps.js';
import { type UpdateProgress, UpdateReport } from './update-report.js';

/** The reconciler's part of the reported state. */
export type ModelReport = Pick<ReportedState, 'desiredRevision' | 'model' | 'update'>;

export interface ReconcilerOptions {
  host: ModelHost;
  /** Absent: challengers are not for this device. */
  shadow?: ShadowHost;
  identity: Pick<Identity, 'deviceId' | 'artifactsUrl' | 'keyPem' | 'certificatePem' | 'caPem' | 'tufRoot'>;
  stateDir: string;
  /** On every change of phase, and about twice a second while something downloads. */
  onReported: (report: ModelReport) => void;
  /** The desired policy, empty when none is desired: the stored one at start, then each that arrives. */
  onPolicy?: (policy: NonNullable<DesiredState['policy']>) => void;
  /** Counters of the running model, for the time on trial. */
  vitals?: () => Vitals;
  log?: Log;
  /** The device's wall clock; absent: the system's. */
  clock?: Clock;
  /** A model and settings are not tried at the same time. */
  turns?: Turns;
  /** Absent: updates are never held. */
  hold?: Holding;
  arch?: string;
  preferredVariant?: string;
  /** Which variants of fewer bits may be tried, the best first; absent: none. */
  deviceClasses?: readonly DeviceClass[];
  probation?: Partial<ProbationRule>;
  backoff?: BackoffLimits;
  /** How often a challenger's counters are looked at. */
  shadowCheckMs?: number;
}

/** Brings the device to the desired model, step by step, and keeps the last good one whatever happens. */
export interface Reconciler {
  /** Resolves when the last confirmed model (if any) decides again; needs no network. */
  start(): Promise<void>;
  /** @throws LinesideError `desired_misaddressed`, and nothing has changed */
  desire(desired: DesiredState): void;
  report(): ModelReport;
  /** The challenger's part of the reported state. */
  shadow(): ShadowState;
  /**
   * Trusts and fetches a package beside the one that decides, and keeps its files until `work` has settled.
   * @throws LinesideError of the repository, the download, or what `work` throws
   */
  withModel<T>(model: ModelTarget, work: (loaded: LoadedPackage) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

export const createReconciler = (options: ReconcilerOptions): Reconciler => new ModelReconciler(options);

/** A flapping link is not worth telling of. */
const quietAttempts = 8;

/** A fifth of a second of reading and compiling, which nothing waits for before the first update. */
const tufClient = () => import('../update/tuf-client.js');

class ModelReconciler implements Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #log: Log;
  readonly #state: StateFile;
  readonly #store: ArtifactStore;
  readonly #client: ArtifactClient;
  readonly #packages: Packages;
  readonly #challenger: Challenger | null;
  readonly #stopping = new AbortController();
  #desired: DesiredState | null = null;
  #trusted: TrustedPackage | null = null;
  readonly #update = new UpdateReport();
  #reported: (ModelReport & { shadow: ShadowState }) | null = null;
  #attempt = 0;
  /** Aborted by any news: ends a wait. */
  #news = new AbortController();
  /** Aborted by another desired model: ends the step under way, where it can be ended. */
  #step = new AbortController();
  readonly #turns: Turns;
  readonly #hold: Holding;
  /** Its files are whole, and it waits for the end of a hold. */
  #verified: ModelTarget | null = null;
  #endTurn: (() => void) | null = null;
  /** The step under way is the challenger's. */
  #challenging = false;
  #shadowAttempt = 0;
  /** Files may lie about that nobody needs. */
  #untidy = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: ReconcilerOptions) {
    const { identity, stateDir } = options;
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.#turns = options.turns ?? new Turns();
    this.#hold = options.hold ?? neverHeld;
    this.#hold.onChange(() => this.#news.abort());
    this.#state = stateFile(stateDir);
    this.#store = new ArtifactStore(stateDir);
    this.#client = createArtifactClient(identity);
    this.#packages = new Packages({
      store: this.#store,
      tuf: async () => {
        const { TufClient } = await tufClient();
        return new TufClient({
          stateDir,
          tufRoot: identity.tufRoot,
          client: this.#client,
          ...(options.clock && { clock: options.clock }),
        });
      },
      client: this.#client,
      choice: {
        arch: options.arch ?? process.arch,
        preferred: options.preferredVariant,
        deviceClasses: options.deviceClasses ?? [],
      },
    });
    const { shadow } = options;
    this.#challenger = shadow
      ? new Challenger({
          host: shadow,
          champion: () => options.host.active(),
          state: this.#state,
          packages: this.#packages,
          onReported: () => this.#publish(),
        })
      : null;
  }

  async start(): Promise<void> {
    await this.#state.load(this.#log);
    const { install } = this.#state.value;
    if (install) this.#log.info(install, 'the agent ended during an update, which goes on');
    await this.#store.open();
    const loaded = this.#loadLastGood();
    // While the model opens in a thread of its own this one has nothing to do; during an update it would hold up frames.
    tufClient().catch(() => {});
    await loaded;
    // A desired state that arrived meanwhile is newer than the stored one.
    this.#desired ??= this.#state.value.desired;
    if (this.#desired) this.#options.onPolicy?.(this.#desired.policy ?? {});
    this.#publish();
    this.#loop = this.#run();
  }

  desire(desired: DesiredState): void {
    mustBeFor(this.#options.identity.deviceId, desired, this.#desired ?? this.#state.value.desired);
    if (this.#stopping.signal.aborted || isDeepStrictEqual(desired, this.#desired)) return;
    const sameModel = isDeepStrictEqual(desired.model, this.#desired?.model);
    const sameShadow = isDeepStrictEqual(desired.shadow, this.#desired?.shadow);
    this.#desired = desired;
    this.#options.onPolicy?.(desired.policy ?? {});
    if (!sameModel || (this.#challenging && !sameShadow)) this.#step.abort();
    this.#news.abort();
  }

  report(): ModelReport {
    const active = this.#options.host.active();
    return {
      desiredRevision: this.#desired?.revision ?? 0,
      model: active && {
        version: active.manifest.version,
        releaseCounter: active.releaseCounter,
        manifestSha256: active.manifestSha256,
        variant: active.variant,
        ...(active.trial && { trial: active.trial }),
      },
      update: this.#update.value,
    };
  }

  shadow(): ShadowState {
    return this.#challenger?.report(this.#desired) ?? null;
  }

  async withModel<T>(model: ModelTarget, work: (loaded: LoadedPackage) => Promise<T>): Promise<T> {
    const { signal } = this.#stopping;
    const active = this.#options.host.active();
    if (active && isModel(active, model)) return work(active);
    const { trusted, release } = await this.#packages.trust(model, signal, (found) => ({
      trusted: found,
      release: this.#packages.hold(found),
    }));
    try {
      // What was fetched so before makes room; this one stays until then, for it may be rolled out next.
      await this.#collect();
      for (const file of await this.#packages.missing(trusted)) {
        await this.#packages.fetch(trusted, file, signal);
      }
      return await work(await this.#packages.verify(trusted));
    } finally {
      release();
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#step.abort();
    this.#news.abort();
    await this.#loop;
    await this.#challenger?.stop();
    this.#client.close();
  }

  /** The model that decided before the restart decides again before there is a network. */
  async #loadLastGood(): Promise<void> {
    const { confirmed, previous } = this.#state.value;
    for (const release of [confirmed, previous]) {
      if (!release) continue;
      try {
        await this.#options.host.swap(await this.#packages.stored(release));
        this.#update.confirmed(release);
        return;
      } catch (error) {
        const { code, message } = toLinesideError(error);
        this.#log.error({ version: release.version, code, error: message }, 'stored model cannot be loaded');
      }
    }
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      if (this.#news.signal.aborted) this.#news = new AbortController();
      this.#step = new AbortController();
      const news = this.#news.signal;
      const desired = this.#desired;
      let waitMs: number | null;
      try {
        if (desired !== this.#state.value.desired) await this.#state.change({ desired });
        const challenge = (await this.#challenger?.next(desired)) ?? null;
        // It makes room for what comes.
        if (challenge?.kind === 'drop' && (await this.#challenge(challenge, desired)) === 0) continue;
        const [step] = plan(desired, await this.#observe(desired));
        if (step && step.kind !== 'wait') {
          if (step.kind === 'swap' || step.kind === 'confirm') {
            this.#endTurn ??= await this.#turns.take(this.#step.signal);
          }
          if (this.#step.signal.aborted) continue;
          this.#log.debug({ step: step.kind, revision: desired?.revision }, 'reconcile step');
          await runStep(step, this.#context());
          this.#attempt = 0;
          continue;
        }
        if (!step && this.#state.value.install) await this.#state.change({ install: null });
        if (step) this.#update.step('held', step.model);
        else this.#update.settle(desired, this.#state.value, this.#options.host.active() !== null);
        this.#publish();
        if (challenge) {
          waitMs = await this.#challenge(challenge, desired);
        } else {
          if (this.#untidy) await this.#collect();
          waitMs = this.#challenger?.running ? (this.#options.shadowCheckMs ?? 10_000) : null;
        }
      } catch (error) {
        waitMs = await this.#failed(error, desired);
      }
      this.#endTurn?.();
      this.#endTurn = null;
      await waitFor(waitMs, news);
    }
    this.#endTurn?.();
  }

  async #observe(desired: DesiredState | null): Promise<Actual> {
    const { confirmed, highestCounter, failure, trial } = this.#state.value;
    const model = desired?.model;
    const trusted = model ? this.#trustedFor(model) : null;
    return {
      running: this.#options.host.active(),
      confirmed,
      highestCounter,
      missing: trusted && (await this.#packages.missing(trusted)),
      failedRevision: failure?.revision ?? null,
      crashes: model && trial && isModel(trial, model) ? trial.starts : 0,
      held: this.#hold.held,
      verified: model !== undefined && this.#verified !== null && isModel(this.#verified, model),
    };
  }

  /** One step of the challenger. @returns how long to wait before the next, milliseconds; its failures stay its own */
  async #challenge(step: ShadowStep, desired: DesiredState | null): Promise<number> {
    const challenger = this.#challenger;
    if (!challenger) return 0;
    this.#challenging = true;
    try {
      this.#log.debug({ step: step.kind, revision: desired?.revision }, 'challenger step');
      await challenger.do(step, this.#step.signal);
      this.#shadowAttempt = 0;
      this.#untidy ||= step.kind === 'drop';
      return 0;
    } catch (cause) {
      if (this.#step.signal.aborted) return 0;
      const error = codedError(cause);
      this.#log.warn({ code: error.code, error: error.message }, 'challenger step failed');
      try {
        if (await challenger.failed(error, desired, isTransient(error))) {
          this.#untidy = true;
          return 0;
        }
      } catch (stateError) {
        this.#log.error({ error: (stateError as Error).message }, 'state cannot be stored');
      }
      return backoffMs(this.#shadowAttempt++, this.#options.backoff ?? { minMs: 1000, maxMs: 300_000 });
    } finally {
      this.#challenging = false;
    }
  }

  /** Deletes the packages that nobody needs any more. */
  async #collect(): Promise<void> {
    await this.#packages.collect(() => this.#needed(), this.#stopping.signal);
    this.#untidy = false;
  }

  async #needed(): Promise<TrustedPackage[]> {
    const { confirmed, previous, shadow } = this.#state.value;
    const keep = [this.#trusted, this.#challenger?.wanted].filter(
      (found) => found !== null && found !== undefined,
    );
    for (const release of [confirmed, previous, shadow && !shadow.failure ? shadow.release : null]) {
      if (!release) continue;
      try {
        keep.push(await this.#packages.known(release));
      } catch (error) {
        const { message } = error as Error;
        this.#log.warn({ version: release.version, error: message }, 'kept model is not readable');
      }
    }
    return keep;
  }

  #trustedFor(model: ModelTarget): TrustedPackage | null {
    const release = this.#trusted?.release;
    return release && isModel(release, model) && release.target === model.target ? this.#trusted : null;
  }

  #context(): StepContext {
    return {
      host: this.#options.host,
      state: this.#state,
      packages: this.#packages,
      collect: () => this.#collect(),
      probation: { ...defaultProbation, ...this.#options.probation },
      vitals: this.#options.vitals ?? null,
      held: () => this.#hold.held,
      verified: (model) => {
        this.#verified = model;
      },
      signal: this.#step.signal,
      trusted: {
        get: (model) => this.#trustedFor(model),
        set: (trusted) => {
          this.#trusted = trusted;
        },
      },
      report: (phase, model, progress) => this.#progress(phase, model, progress),
      enter: (phase, model) => this.#enter(phase, model),
    };
  }

  /** A disk that refuses is met where something depends on it: here only the word of how far it came does. */
  async #enter(phase: UpdateProgress['phase'], model: ModelTarget): Promise<void> {
    const { releaseCounter, manifestSha256 } = model;
    const install = { releaseCounter, manifestSha256, phase };
    if (!isDeepStrictEqual(install, this.#state.value.install)) {
      await this.#state.change({ install }).catch((error: Error) => {
        this.#log.warn({ phase, error: error.message }, 'the phase of the update is not stored');
      });
    }
    this.#progress(phase, model, phase === 'downloading' ? 0 : undefined);
  }

  #progress(phase: UpdateProgress['phase'], model: ModelTarget, progress?: number): void {
    const { grown, due } = this.#update.step(phase, model, progress);
    // Bytes that came since the last failure make the next one the first again.
    if (grown) this.#attempt = 0;
    if (due) this.#publish();
  }

  /** @returns how long to wait before the next plan, milliseconds */
  async #failed(error: unknown, desired: DesiredState | null): Promise<number> {
    if (this.#stopping.signal.aborted || this.#step.signal.aborted) {
      await this.#forgetTrial();
      return 0;
    }
    const failure = codedError(error);
    const { code } = failure;
    const message = failure.message.slice(0, 500);
    const model = desired?.model;
    this.#log.warn({ code, error: message, revision: desired?.revision }, 'update step failed');
    if (model && desired && !isTransient(failure)) {
      const { version, releaseCounter } = model;
      const failed = { revision: desired.revision, version, releaseCounter, code, message };
      try {
        await this.#state.change({ failure: failed, install: null, trial: null });
        return 0;
      } catch (stateError) {
        this.#log.error({ error: (stateError as Error).message }, 'state cannot be stored');
      }
    }
    // It came back to us, so this was no crash; it will be tried again, so it has not failed.
    await this.#forgetTrial();
    this.#attempt++;
    if (model && (code !== 'artifact_unreachable' || this.#attempt > quietAttempts)) {
      this.#update.retrying(model, failure);
      this.#publish();
    }
    return backoffMs(this.#attempt - 1, this.#options.backoff ?? { minMs: 1000, maxMs: 300_000 });
  }

  /** A trial that was ended from outside says nothing against the model. */
  async #forgetTrial(): Promise<void> {
    if (!this.#state.value.trial) return;
    await this.#state.change({ trial: null }).catch(() => undefined);
  }

  #publish(): void {
    const report = { ...this.report(), shadow: this.shadow() };
    if (isDeepStrictEqual(report, this.#reported)) return;
    this.#reported = report;
    this.#options.onReported(this.report());
  }
}
