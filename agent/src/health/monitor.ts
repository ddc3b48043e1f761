import { type Alarm, LinesideError, toLinesideError } from '@lineside/shared';
import { type AlarmMemory, lookForAlarms, noAlarms } from './alarms/alarms.js';
import type { EventReporter } from './event-reporter.js';
import { type Observed, Observer } from './observer.js';
import type { ExitRecord } from './watchdog/exit-record.js';
import {
  climb,
  inOrder,
  type LadderAction,
  type LadderState,
  type LadderView,
  ladderBottom,
} from './watchdog/ladder.js';
import type { ServiceManager } from './watchdog/service-manager.js';

/** What can be done about a camera that decides nothing. */
export interface Recovery {
  restartCamera(cameraId: string): Promise<void>;
  restartInference(): Promise<void>;
  rebuildStation(): Promise<void>;
  /** Ends the process with a failure, so that whoever started it starts it again. */
  exit(error: LinesideError): void;
}

export interface MonitorOptions {
  readonly observed: Observed;
  readonly recovery: Recovery;
  readonly exits: Pick<ExitRecord, 'recent' | 'add'>;
  readonly service: ServiceManager;
  readonly events: EventReporter;
  /** An engine compiles, which takes as long as it takes. */
  readonly compiling: () => boolean;
  /** Settings are being changed, which takes seconds: longer than a minute it is a fault like others. */
  readonly changingSettings: () => boolean;
  /** After each look; `changed`: alarms started or ended. */
  readonly onLook: (changed: boolean) => void;
  readonly monotonicMs?: () => number;
  readonly wallMs?: () => number;
}

const lookEveryMs = 1000;
const longestChangeMs = 60_000;

/**
 * Looks at the whole agent once a second: raises alarms, climbs the ladder for cameras that decide nothing, and tells
 * the service manager that all is well only while it is.
 */
export class Monitor {
  readonly #options: MonitorOptions;
  readonly #observer: Observer;
  #alarms: AlarmMemory = noAlarms;
  #standing: readonly Alarm[] = [];
  #ladder: LadderState = ladderBottom;
  #changingSinceMs: number | null = null;
  /** A restart that would not be remembered could not be limited. */
  #mayExit = true;
  #fedMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #lookedMs: number;
  /** Time in which the agent itself got no processor; it says nothing about the cameras. */
  #starvedMs = 0;

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#lookedMs = this.#now();
    this.#observer = new Observer(options.observed, this.#lookedMs);
  }

  get alarms(): readonly Alarm[] {
    return this.#standing;
  }

  /** The cameras run: from here on they are expected to decide. */
  start(): void {
    this.#options.service.notify('READY=1', 'STATUS=deciding');
    this.look();
    this.#timer = setInterval(() => this.look(), lookEveryMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  look(): void {
    const { events, exits, onLook } = this.#options;
    const nowMs = this.#ownTime();
    const seen = this.#observer.look(nowMs, (this.#options.wallMs ?? Date.now)());
    const view: LadderView = {
      nowMs,
      suspended: this.#expectsSilence(nowMs) || !seen.hasModel,
      recentExits: this.#mayExit ? exits.recent : Number.POSITIVE_INFINITY,
      cameras: seen.cameras.map(({ id, silence, state }) => ({
        id,
        silence,
        runs: state === 'running',
      })),
    };
    const step = climb(this.#ladder, view);
    this.#ladder = step.state;
    const told = lookForAlarms(this.#alarms, { ...seen, gaveUp: step.gaveUp }, nowMs);
    this.#alarms = told.memory;
    this.#standing = told.alarms;
    for (const alarm of told.started) events.alarmStarted(alarm);
    for (const alarm of told.ended) events.alarmEnded(alarm);
    if (inOrder(step, view)) this.#feed(this.#now());
    for (const action of step.actions) void this.#act(action);
    onLook(told.started.length + told.ended.length > 0);
  }

  /** The monotonic clock, without the time that a starved or suspended box has lost between two looks. */
  #ownTime(): number {
    const now = this.#now();
    this.#starvedMs += Math.max(0, now - this.#lookedMs - 2 * lookEveryMs);
    this.#lookedMs = now;
    return now - this.#starvedMs;
  }

  #expectsSilence(nowMs: number): boolean {
    const { compiling, changingSettings } = this.#options;
    if (!changingSettings()) this.#changingSinceMs = null;
    else this.#changingSinceMs ??= nowMs;
    const changing = this.#changingSinceMs !== null && nowMs - this.#changingSinceMs < longestChangeMs;
    return changing || compiling();
  }

  /** READY is repeated: a service manager before systemd 246 may lose a message whose sender has already ended. */
  #feed(nowMs: number): void {
    const { service } = this.#options;
    if (service.watchdogMs === null || nowMs - this.#fedMs < service.watchdogMs / 3 - lookEveryMs / 2) return;
    this.#fedMs = nowMs;
    service.notify('READY=1', 'WATCHDOG=1', `STATUS=${this.#status()}`);
  }

  #status(): string {
    const [worst] = this.#standing;
    return worst ? `${worst.cameraId ? `${worst.cameraId}: ` : ''}${worst.message}` : 'deciding';
  }

  async #act(action: LadderAction): Promise<void> {
    const { recovery, events, exits } = this.#options;
    try {
      switch (action.kind) {
        case 'restart_camera':
          events.tell('warning', 'camera_silent', 'its source is started anew', action.cameraId);
          return await recovery.restartCamera(action.cameraId);
        case 'restart_inference':
          events.tell('warning', 'camera_silent', 'what runs the model is started anew');
          return await recovery.restartInference();
        case 'rebuild_station':
          events.tell('warning', 'camera_silent', 'all cameras and outputs are started anew');
          return await recovery.rebuildStation();
        case 'exit':
          this.#mayExit = false;
          await exits.add();
          return recovery.exit(new LinesideError('camera_silent', action.reason));
      }
    } catch (error) {
      events.error(toLinesideError(error, 'internal'));
    }
  }

  #now(): number {
    return (this.#options.monotonicMs ?? (() => performance.now()))();
  }
}
