import { type DesiredState, LinesideError, type ModelTarget, type ReportedState } from '@lineside/shared';
import type { ShadowHost } from '../inference/model.js';
import type { TrustedPackage } from '../update/package.js';
import type { Packages } from '../update/packages.js';
import type { Running } from './plan.js';
import { planShadow, type ShadowActual, type ShadowStep } from './plan-shadow.js';
import type { ReconcileState, StateFile } from './state-file.js';
import { isModel } from './steps.js';

export type ShadowState = ReportedState['shadow'];

export interface ChallengerOptions {
  readonly host: ShadowHost;
  readonly champion: () => Running | null;
  readonly state: StateFile;
  readonly packages: Packages;
  readonly onReported: () => void;
}

type Progress = { phase: NonNullable<ShadowState>['phase']; code?: string; message?: string };

/** Brings the challenger that is desired beside the champion, and ends it when it is not worth its while. */
export class Challenger {
  readonly #options: ChallengerOptions;
  #trusted: TrustedPackage | null = null;
  #progress: Progress = { phase: 'idle' };

  constructor(options: ChallengerOptions) {
    this.#options = options;
  }

  /** Whether its counters are worth looking at from time to time. */
  get running(): boolean {
    return this.#options.host.report() !== null;
  }

  /** The package that must not be deleted. */
  get wanted(): TrustedPackage | null {
    return this.#trusted;
  }

  /** The next step, null when there is none. */
  async next(desired: DesiredState | null): Promise<ShadowStep | null> {
    const [step] = planShadow(desired, await this.#observe(desired));
    return step ?? null;
  }

  async do(step: ShadowStep, signal: AbortSignal): Promise<void> {
    const { host, packages, state } = this.#options;
    switch (step.kind) {
      case 'drop':
        await host.set(null, 0);
        await state.change({ shadow: null });
        this.#trusted = null;
        return this.#say({ phase: 'idle' });
      case 'refuse':
        throw new LinesideError(step.code, step.message);
      case 'trust':
        this.#say({ phase: 'downloading' });
        this.#trusted = await packages.trust(step.model, signal, (trusted) => {
          this.#trusted = trusted;
          return trusted;
        });
        return state.change({ shadow: { release: this.#trusted.release, starts: 0 } });
      case 'fetch':
        this.#say({ phase: 'downloading' });
        return packages.fetch(this.#trustedAs(step.model), step.file, signal);
      case 'set':
        return this.#set(step.model, step.share);
      case 'settle':
        return this.#note({ starts: 0 });
    }
  }

  /** @returns whether it was given up; else it is worth another try */
  async failed(error: LinesideError, desired: DesiredState | null, isTransient: boolean): Promise<boolean> {
    const { state, host } = this.#options;
    const { code } = error;
    const message = error.message.slice(0, 300);
    const model = desired?.shadow?.model;
    if (isTransient || !model) {
      // It came back to us, so this was no crash.
      if (state.value.shadow) await this.#note({ starts: 0 }).catch(() => undefined);
      this.#say({ phase: 'downloading', code, message });
      return false;
    }
    await host.set(null, 0);
    const release = state.value.shadow?.release ?? { ...model, variant: '' };
    await state.change({ shadow: { release, starts: 0, failure: { code, message } } });
    this.#trusted = null;
    this.#say({ phase: 'failed', code, message });
    return true;
  }

  report(desired: DesiredState | null): ShadowState {
    const wanted = desired?.shadow;
    if (!wanted) return null;
    const { version, releaseCounter } = wanted.model;
    const running = this.#options.host.report();
    const noted = this.#options.state.value.shadow;
    const failure = noted && isModel(noted.release, wanted.model) ? noted.failure : undefined;
    const progress: Progress = failure ? { phase: 'failed', ...failure } : this.#progress;
    return {
      version,
      releaseCounter,
      share: wanted.share,
      ...progress,
      ...(running?.error && progress.message === undefined && { message: running.error.slice(0, 300) }),
      compared: running?.compared ?? 0,
      disagreed: running?.disagreed ?? 0,
    };
  }

  /** An ordered end says nothing against it. */
  async stop(): Promise<void> {
    if (this.#options.state.value.shadow?.starts) await this.#note({ starts: 0 }).catch(() => undefined);
  }

  async #set(model: ModelTarget, share: number): Promise<void> {
    const { host, packages, state } = this.#options;
    const running = host.report()?.model;
    if (running && isModel(running, model)) return host.set(running, share);
    this.#say({ phase: 'verifying' });
    const loaded = await packages.verify(this.#trustedAs(model));
    // Durable before it runs: one that takes the process down is not started for ever.
    await this.#note({ starts: (state.value.shadow?.starts ?? 0) + 1 });
    this.#say({ phase: 'self_testing' });
    await host.set(loaded, share);
    this.#say({ phase: 'active' });
  }

  async #observe(desired: DesiredState | null): Promise<ShadowActual> {
    const { host, champion, state, packages } = this.#options;
    const report = host.report();
    const noted = state.value.shadow;
    const model = desired?.shadow?.model;
    await this.#remember(noted, model);
    const trusted = model && this.#trusted && isModel(this.#trusted.release, model) ? this.#trusted : null;
    return {
      running: report && {
        ...report,
        releaseCounter: report.model.releaseCounter,
        manifestSha256: report.model.manifestSha256,
      },
      noted: noted && {
        releaseCounter: noted.release.releaseCounter,
        manifestSha256: noted.release.manifestSha256,
        admitted: noted.release.variant !== '',
        failed: noted.failure !== undefined,
        starts: noted.starts,
      },
      missing: trusted && (await packages.missing(trusted)),
      champion: champion(),
      highestCounter: state.value.highestCounter,
    };
  }

  /** After a restart the manifest that was trusted before is enough, without a network. */
  async #remember(noted: ReconcileState['shadow'], model: ModelTarget | undefined): Promise<void> {
    if (this.#trusted || !model || !noted || noted.failure || !isModel(noted.release, model)) return;
    this.#trusted = await this.#options.packages.known(noted.release).catch(() => null);
  }

  #trustedAs(model: ModelTarget): TrustedPackage {
    if (this.#trusted && isModel(this.#trusted.release, model)) return this.#trusted;
    throw new LinesideError('artifact_untrusted', `${model.target}: not verified`);
  }

  async #note(change: { starts: number }): Promise<void> {
    const { state } = this.#options;
    if (state.value.shadow) await state.change({ shadow: { ...state.value.shadow, ...change } });
  }

  #say(progress: Progress): void {
    this.#progress = progress;
    this.#options.onReported();
  }
}
