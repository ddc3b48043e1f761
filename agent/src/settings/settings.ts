import { isDeepStrictEqual } from 'node:util';
import {
  checkRemoteSettings,
  type DesiredState,
  isErrorCode,
  LinesideError,
  maskSecrets,
  RemoteSettings,
  type ReportedState,
  toLinesideError,
  unmaskSecrets,
} from '@lineside/shared';
import { type AgentConfig, withSettings } from '../config.js';
import { type Holding, neverHeld } from '../hold/update-hold.js';
import type { Log } from '../log.js';
import { waitFor } from '../news.js';
import type { Turns } from '../turns.js';
import { type BackoffLimits, backoffMs } from '../uplink/backoff.js';
import {
  began,
  forgotten,
  passed,
  phaseOf,
  planSettings,
  refusedAs,
  restarted,
  type Settings,
  type SettingsFile,
  type SettingsStep,
  settingsFile,
  stoppedInOrder,
} from './settings-state.js';
import { isSameStation } from './station-slot.js';
import { type CameraVitals, defaultTrialRule, judgeTrial, type TrialRule, whatRuns } from './trial.js';

type ConfigReport = ReportedState['config'];

export interface SettingsOptions {
  /** The device's own: file and environment. */
  readonly own: AgentConfig;
  /** What relative paths are relative to. */
  readonly folder: string;
  /** Puts what follows from a configuration in the place of what runs. Rejects when there is no station then. */
  readonly use: (config: AgentConfig) => Promise<void>;
  readonly vitals: () => { cameras: CameraVitals[]; hasModel: boolean };
  /** Settings and models are not tried at the same time, or each would be blamed for the other. */
  readonly turns: Turns;
  /** Absent: nothing is ever held. */
  readonly hold?: Holding;
  readonly onReported: () => void;
  readonly onRefused: (error: LinesideError) => void;
  readonly log: Log;
  readonly rule?: Partial<TrialRule>;
  readonly backoff?: BackoffLimits;
}

const judgeIntervalMs = 100;

/**
 * The settings in force: the device's own file, with sections from afar in their place. Wanted ones are checked, tried
 * under watch, and kept or given up for the last good ones; all of it survives a restart without a network.
 */
export class SettingsKeeper {
  readonly #options: SettingsOptions;
  readonly #file: SettingsFile;
  readonly #rule: TrialRule;
  readonly #hold: Holding;
  /** What is wanted would make another station, and the plant holds updates. */
  #heldBack = false;
  #config: AgentConfig;
  /** Revision the station was made of, 0: the device's own; null: there is no station. */
  #inForce: number | null = 0;
  #baseline: CameraVitals[] = [];
  #installedAtMs = 0;
  /** Newer than what the file has. */
  #wanted: { value: Settings | null } | null = null;
  #failure: LinesideError | null = null;
  #attempt = 0;
  #news = new AbortController();
  #endTurn: (() => void) | null = null;
  #reported: ConfigReport | null = null;
  #stopped = false;
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: SettingsOptions) {
    this.#options = options;
    this.#config = options.own;
    this.#file = settingsFile(options.own.stateDir);
    this.#rule = { ...defaultTrialRule, ...options.rule };
    this.#hold = options.hold ?? neverHeld;
    this.#hold.onChange(() => this.#news.abort());
  }

  /** Reads what was stored: the settings to start with. */
  async load(): Promise<void> {
    const { log, own, onRefused } = this.#options;
    await this.#file.load(log);
    let mayTry = true;
    try {
      const change = restarted(this.#file.value);
      if (change) await this.#file.change(change);
    } catch (error) {
      // A start that cannot be counted is none to try settings in.
      log.error({ error: (error as Error).message }, 'settings cannot be stored');
      mayTry = false;
    }
    const { trial, applied } = this.#file.value;
    for (const settings of [mayTry ? trial?.settings : null, applied]) {
      if (!settings) continue;
      try {
        this.#config = this.#checked(settings);
        this.#inForce = settings.revision;
        return;
      } catch (error) {
        // Another version of this software, or another file of its own, may take other settings.
        const { code, message } = toLinesideError(error);
        onRefused(new LinesideError('config_invalid', `settings ${settings.revision}: ${message}`));
        const kept = settings === applied ? { applied: null } : {};
        await this.#file
          .change({ ...refusedAs('rejected', settings.revision, code, message), ...kept })
          .catch(() => undefined);
      }
    }
    this.#config = own;
    this.#inForce = 0;
  }

  /** Resolves when the loaded settings are in force, or cannot be; the rest goes on from there. */
  async start(): Promise<void> {
    try {
      await this.#options.use(this.#config);
    } catch (error) {
      this.#inForce = null;
      this.#options.onRefused(toLinesideError(error));
    }
    this.#mark();
    this.#loop = this.#run();
  }

  desire(config: DesiredState['config']): void {
    const value = config ?? null;
    const before = this.#wanted ? this.#wanted.value : this.#file.value.wanted;
    if (this.#stopped || isDeepStrictEqual(value, before)) return;
    this.#wanted = { value };
    this.#news.abort();
  }

  report(): ConfigReport {
    const { refused, wanted } = this.#file.value;
    const phase = this.#heldBack ? 'held' : phaseOf(this.#file.value, this.#inForce);
    const isRefused = refused !== null && refused.revision === wanted?.revision;
    const failure = this.#failure ?? (isRefused ? refused : null);
    const effective = Object.keys(RemoteSettings.properties).map((section) => [
      section,
      this.#config[section as keyof RemoteSettings],
    ]);
    return {
      revision: this.#inForce ?? 0,
      phase,
      ...(failure && { code: failure.code, message: failure.message.slice(0, 500) }),
      ...(isRefused && { refusedRevision: refused.revision }),
      effective: maskSecrets(Object.fromEntries(effective)),
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopping.abort();
    this.#news.abort();
    await this.#loop;
    const change = stoppedInOrder(this.#file.value);
    if (change) await this.#file.change(change).catch(() => undefined);
  }

  /** @throws LinesideError `config_invalid` */
  #checked({ settings }: Settings): AgentConfig {
    const { own, folder } = this.#options;
    return withSettings(own, checkRemoteSettings(settings), folder);
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      if (this.#news.signal.aborted) this.#news = new AbortController();
      const news = this.#news.signal;
      let waitMs: number | null = null;
      try {
        await this.#takeIn();
        const step = planSettings(this.#file.value, this.#inForce);
        this.#heldBack = step !== null && this.#mustWait(step);
        if (step && !this.#heldBack) {
          this.#endTurn ??= await this.#options.turns.take(this.#stopping.signal);
          await this.#do(step, news);
          this.#attempt = 0;
          this.#failure = null;
          this.#publish();
          continue;
        }
        this.#publish();
      } catch (error) {
        if (this.#stopped) break;
        this.#failure = toLinesideError(error, 'storage_failed');
        const { code, message } = this.#failure;
        this.#options.log.warn({ code, error: message }, 'settings cannot be put in force now');
        this.#publish();
        waitMs = backoffMs(this.#attempt++, this.#options.backoff ?? { minMs: 1000, maxMs: 60_000 });
      }
      this.#endTurn?.();
      this.#endTurn = null;
      await waitFor(waitMs, news);
    }
    this.#endTurn?.();
  }

  /** Whether the step leads to another station while the plant holds updates. */
  #mustWait(step: SettingsStep): boolean {
    if (!this.#hold.held || (step.kind !== 'try' && step.kind !== 'forget')) return false;
    try {
      const next = step.kind === 'try' ? this.#checked(step.settings) : this.#options.own;
      return !isSameStation(this.#config, next);
    } catch {
      // They will be refused.
      return false;
    }
  }

  /** Makes what is wanted durable. */
  async #takeIn(): Promise<void> {
    const taken = this.#wanted;
    if (!taken) return;
    await this.#file.change({ wanted: taken.value });
    if (this.#wanted === taken) this.#wanted = null;
  }

  #do(step: SettingsStep, news: AbortSignal): Promise<void> {
    switch (step.kind) {
      case 'forget':
        return this.#file.change(forgotten);
      case 'try':
        return this.#try(step.settings);
      case 'install':
        return this.#install(step.settings);
      case 'judge':
        return this.#judge(news);
      case 'restore':
        return this.#restore(step.settings);
    }
  }

  async #try(settings: Settings): Promise<void> {
    const { revision } = settings;
    let checked: Settings;
    try {
      // A password that a report masked is put back where it is known.
      checked = { revision, settings: unmaskSecrets(settings.settings, this.#config) };
      this.#checked(checked);
    } catch (error) {
      if (!isErrorCode(error, 'config_invalid')) throw error;
      return this.#refuse('rejected', revision, error);
    }
    // Settings that take the place of others on trial are measured by what ran before those.
    const before = this.#file.value.trial?.before ?? whatRuns(this.#options.vitals().cameras);
    await this.#file.change(began(checked, before));
  }

  async #install(settings: Settings): Promise<void> {
    this.#publish();
    try {
      await this.#use(settings.revision, this.#checked(settings));
    } catch (error) {
      const { message } = toLinesideError(error);
      await this.#refuse('rolled_back', settings.revision, new LinesideError('config_unhealthy', message));
    }
  }

  /** Ends with a verdict, or when something else is wanted. */
  async #judge(news: AbortSignal): Promise<void> {
    const { vitals } = this.#options;
    const { trial } = this.#file.value;
    if (!trial) return;
    this.#publish();
    while (!news.aborted) {
      const { cameras, hasModel } = vitals();
      const watched = { config: this.#config, before: trial.before, baseline: this.#baseline, hasModel };
      const verdict = judgeTrial(this.#rule, watched, performance.now() - this.#installedAtMs, cameras);
      if (verdict.kind === 'healthy') {
        this.#options.log.info({ revision: trial.settings.revision }, 'settings applied');
        return this.#file.change(passed(this.#file.value));
      }
      if (verdict.kind === 'unhealthy') {
        const error = new LinesideError('config_unhealthy', verdict.message);
        return this.#refuse('rolled_back', trial.settings.revision, error);
      }
      await waitFor(judgeIntervalMs, news);
    }
  }

  async #restore(settings: Settings | null): Promise<void> {
    const { own } = this.#options;
    await this.#use(settings?.revision ?? 0, settings ? this.#checked(settings) : own);
  }

  async #use(revision: number, config: AgentConfig): Promise<void> {
    this.#inForce = null;
    const startedMs = performance.now();
    await this.#options.use(config);
    this.#config = config;
    this.#inForce = revision;
    this.#mark();
    const tookMs = Math.round(this.#installedAtMs - startedMs);
    this.#options.log.info({ revision, tookMs }, 'settings in force');
  }

  #mark(): void {
    this.#baseline = this.#options.vitals().cameras;
    this.#installedAtMs = performance.now();
  }

  async #refuse(
    phase: 'rejected' | 'rolled_back',
    revision: number,
    { code, message }: LinesideError,
  ): Promise<void> {
    await this.#file.change(refusedAs(phase, revision, code, message));
    this.#options.onRefused(new LinesideError(code, `settings ${revision}: ${message}`));
  }

  #publish(): void {
    const report = this.report();
    if (isDeepStrictEqual(report, this.#reported)) return;
    this.#reported = report;
    this.#options.onReported();
  }
}
