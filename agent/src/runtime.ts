import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type DesiredState, LinesideError, toLinesideError } from '@lineside/shared';
import type { FastifyInstance } from 'fastify';
import { createSource } from './capture/create-source.js';
import { type CaptureClock, captureClock, type Source } from './capture/source.js';
import { clockFile, DeviceClock } from './clock.js';
import { createCommandHandler } from './commands/handle-command.js';
import type { AgentConfig, CameraConfig } from './config.js';
import { ensureIdentity } from './enrol/ensure-identity.js';
import type { Identity } from './enrol/identity.js';
import { CertificateKeeper } from './enrol/renewal.js';
import { EventReporter } from './health/event-reporter.js';
import { describeHardware } from './health/host/hardware.js';
import { buildHttp, type Health } from './health/http.js';
import { Overseer } from './health/overseer.js';
import { Recent } from './health/page/recent.js';
import { InferenceWatch } from './health/progress/inference-watch.js';
import { Statistics } from './health/statistics.js';
import { noServiceManager, type ServiceManager } from './health/watchdog/service-manager.js';
import { UpdateHold } from './hold/update-hold.js';
import { createBackends } from './inference/create-backends.js';
import { readDeviceClasses, variantsFor } from './inference/device-classes.js';
import { InferenceEngine } from './inference/engine.js';
import { type Log, silentLog } from './log.js';
import type { LogBook } from './log-book.js';
import { outputNames } from './outputs/create-outputs.js';
import { DecisionStream } from './outputs/decision-stream.js';
import { BudgetKeeper } from './policy/budget/budget-keeper.js';
import { problemWords } from './policy/image/camera-health.js';
import { createReconciler, type Reconciler } from './reconcile/reconciler.js';
import { SettingsKeeper } from './settings/settings.js';
import { StationSlot } from './settings/station-slot.js';
import type { TrialRule } from './settings/trial.js';
import { openSpool, type Spool, type SpoolEvent } from './spool/spool.js';
import { lockStateFolder, type StateLock } from './state-lock.js';
import { Station } from './station.js';
import { Turns } from './turns.js';
import type { BackoffLimits } from './uplink/backoff.js';
import { EventQueue } from './uplink/event-queue.js';
import { MessageOrder } from './uplink/message-order.js';
import { createUplink, type Uplink } from './uplink/uplink.js';

type SourceFactory = (camera: CameraConfig, stateDir: string, clock: CaptureClock) => Source;

/** What a test may put in the place of the real thing. */
export interface AgentPorts {
  readonly log?: Log;
  /** Where the log's newest lines are. */
  readonly logBook?: LogBook;
  /** What relative paths in settings from afar are relative to: where the configuration's file lies. */
  readonly folder?: string;
  readonly setLogLevel?: (level: AgentConfig['logLevel']) => void;
  /** How long settings from afar are watched. */
  readonly trialRule?: Partial<TrialRule>;
  readonly createSource?: SourceFactory;
  /** The system's wall clock, Unix milliseconds. */
  readonly wallMs?: () => number;
  /** Waits between attempts to reach the fleet server. */
  readonly backoff?: BackoffLimits;
  /** Who watches over the process. */
  readonly service?: ServiceManager;
  /** The agent cannot mend itself: the process should end with this reason and be started again. */
  readonly onBeyondRepair?: (error: LinesideError) => void;
}

export interface Agent {
  /** Resolves when the cameras run; an unreachable fleet server is waited for only by a device not yet enrolled. */
  start(): Promise<void>;
  /** Ends everything; what is flagged by then is safe in the spool. */
  stop(): Promise<void>;
  health(): Health;
  readonly deviceId: string | null;
  /** Port of the local HTTP server; null when it is switched off. */
  readonly httpPort: number | null;
}

export const createAgent = (config: AgentConfig, ports: AgentPorts = {}): Agent =>
  new AgentRuntime(config, ports);

/** How long the station may take to stop before the engine ends under it. */
const drainMs = 2500;

/** The composition root: makes the parts, hands them to each other, starts and ends them in order. */
class AgentRuntime implements Agent {
  readonly #config: AgentConfig;
  readonly #log: Log;
  readonly #ports: AgentPorts;
  readonly #clock: DeviceClock;
  readonly #eventQueue: EventQueue;
  readonly #statistics: Statistics;
  readonly #decisions = new DecisionStream();
  readonly #recent = new Recent();
  readonly #engine: InferenceEngine;
  readonly #events: EventReporter;
  readonly #inferenceWatch = new InferenceWatch(captureClock.monotonicMs);
  readonly #slot: StationSlot;
  readonly #settings: SettingsKeeper;
  readonly #turns = new Turns();
  readonly #hold: UpdateHold;
  readonly #overseer: Overseer;
  readonly #stopping = new AbortController();
  /** Over when the model that decided before the restart decides again, or cannot. */
  #restored: Promise<void> = Promise.resolve();
  #lock: StateLock | null = null;
  #identity: Identity | null = null;
  #certificate: CertificateKeeper | null = null;
  #spool: Spool | null = null;
  #budget: BudgetKeeper | null = null;
  #uplink: Uplink | null = null;
  #reconciler: Reconciler | null = null;
  #http: FastifyInstance | null = null;
  #starting: Promise<void> | null = null;
  #stopped: Promise<void> | null = null;

  constructor(config: AgentConfig, ports: AgentPorts) {
    this.#config = config;
    this.#ports = ports;
    this.#log = ports.log ?? silentLog;
    const log = this.#log;
    this.#clock = new DeviceClock({
      path: clockFile(config.stateDir),
      log,
      ...(ports.wallMs && { wallMs: ports.wallMs }),
    });
    this.#hold = new UpdateHold({
      stateDir: config.stateDir,
      longestMs: config.hold.longestMinutes * 60_000,
      clock: this.#clock,
      log,
    });
    this.#hold.onChange(() => this.#overseer.changed());
    this.#eventQueue = new EventQueue({ path: join(config.stateDir, 'events.jsonl'), log });
    this.#statistics = new Statistics(() => this.#clock.now());
    this.#events = new EventReporter({
      log: this.#log,
      publish: (event) => this.#eventQueue.add(event),
      wallMs: () => this.#clock.now(),
    });
    this.#engine = new InferenceEngine(createBackends(config.inference, config.stateDir), {
      onFault: (error) => this.#events.error(error),
    });
    this.#slot = new StationSlot({
      make: (settings) => this.#createStation(settings),
      onReplaced: ({ cameras, outputs }) =>
        this.#statistics.keepOnly(
          cameras.map(({ id }) => id),
          outputNames(outputs),
        ),
      counts: (cameraId) => this.#statistics.camera(cameraId),
    });
    this.#settings = new SettingsKeeper({
      own: config,
      folder: ports.folder ?? process.cwd(),
      use: async (settings) => {
        ports.setLogLevel?.(settings.logLevel);
        await this.#slot.use(settings);
      },
      vitals: () => ({ cameras: this.#slot.vitals(), hasModel: this.#engine.active() !== null }),
      turns: this.#turns,
      hold: this.#hold,
      onReported: () => this.#overseer.changed(),
      onRefused: (error) => this.#events.error(error),
      log: this.#log,
      ...(ports.trialRule && { rule: ports.trialRule }),
    });
    this.#overseer = new Overseer({
      view: {
        config: () => this.#slot.station?.config ?? config,
        deviceId: () => this.deviceId,
        cameras: () => this.#slot.cameras,
        imageHealth: (cameraId) => problemWords(this.#slot.station?.imageHealth(cameraId) ?? null),
        engine: this.#engine,
        models: () => this.#reconciler?.report() ?? null,
        shadow: () => this.#reconciler?.shadow() ?? null,
        configState: () => this.#settings.report(),
        hold: this.#hold,
        spool: () => this.#spool?.stats() ?? null,
        uplink: () => this.#uplink,
        latest: (id) => this.#slot.station?.cameras.latest(id) ?? null,
      },
      stateDir: config.stateDir,
      statistics: this.#statistics,
      inferenceWatch: this.#inferenceWatch,
      events: this.#events,
      recovery: {
        restartCamera: async (id) => this.#slot.station?.cameras.restart(id),
        restartInference: () => this.#engine.restart(),
        rebuildStation: () => this.#slot.rebuild(),
        exit: (error) => ports.onBeyondRepair?.(error),
      },
      service: ports.service ?? noServiceManager,
      changingSettings: () => this.#slot.changing,
      wallMs: () => this.#clock.now(),
    });
  }

  get deviceId(): string | null {
    return this.#identity?.deviceId ?? null;
  }

  get httpPort(): number | null {
    const address = this.#http?.server.address();
    return typeof address === 'object' && address !== null ? address.port : null;
  }

  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  health(): Health {
    return this.#overseer.health();
  }

  async #start(): Promise<void> {
    const config = this.#config;
    this.#lock = await lockStateFolder(config.stateDir);
    await this.#clock.open();
    await this.#hold.open();
    await this.#eventQueue.open();
    await this.#openOutputs();
    await this.#overseer.begin();
    const identity = await this.#enrol();
    this.#identity = identity;
    this.#clock.hasPassed(Date.parse(new X509Certificate(identity.certificatePem).validFrom));
    const spool = await openSpool({
      dir: join(config.stateDir, 'spool'),
      maxBytes: config.spool.maxBytes,
      minFreeBytes: config.spool.minFreeBytes,
      uploadOrder: config.spool.uploadOrder,
      onEvent: (event) => this.#spoolEvent(event),
    });
    this.#spool = spool;
    this.#budget = await BudgetKeeper.open({
      stateDir: config.stateDir,
      random: Math.random,
      onError: (error) => this.#events.error(error),
      monotonicMs: captureClock.monotonicMs,
    });
    if (config.http.enabled) spool.on('added', (id) => void this.#showFlagged(spool, id));
    this.#certificate = new CertificateKeeper({
      identity,
      stateDir: config.stateDir,
      clock: this.#clock,
      log: this.#log,
    });
    this.#certificate.start();
    const uplink = createUplink({
      identity,
      spool,
      log: this.#log,
      clock: this.#clock,
      events: this.#eventQueue,
      order: await MessageOrder.open(config.stateDir, this.#clock, this.#log),
      maxBytesPerSecond: config.spool.maxBytesPerSecond,
      onProblem: (problem) => this.#uplinkProblem(problem),
      ...(this.#ports.backoff && { backoff: this.#ports.backoff }),
    });
    this.#uplink = uplink;
    const reconciler = createReconciler({
      host: this.#engine,
      shadow: this.#engine.shadow,
      identity,
      stateDir: config.stateDir,
      clock: this.#clock,
      log: this.#log,
      onReported: () => this.#overseer.changed(),
      onPolicy: (policy) => this.#slot.setPolicy(policy),
      turns: this.#turns,
      hold: this.#hold,
      ...variantsFor(config.inference, readDeviceClasses),
      vitals: () => {
        const { decided, inferenceErrors } = this.#statistics.total();
        return { decided, errors: inferenceErrors };
      },
    });
    this.#reconciler = reconciler;
    uplink.onDesired((desired) => this.#desire(reconciler, desired));
    uplink.onCommand(
      createCommandHandler({
        engine: this.#engine,
        station: () => this.#slot.station,
        withModel: (model, work) => reconciler.withModel(model, work),
        logs: (maxBytes) => this.#ports.logBook?.newest(maxBytes) ?? '',
        publishNow: () => this.#overseer.publishNow(),
        monotonicMs: captureClock.monotonicMs,
      }),
    );
    await this.#settings.load();
    const restored = reconciler.start();
    // Cameras take about as long to start as the model, so both do at once; the first frames wait.
    this.#restored = restored.catch(() => {});
    await Promise.all([restored, this.#settings.start()]);
    if (this.#stopping.signal.aborted) return;
    uplink.start();
    this.#overseer.changed();
    this.#overseer.running();
    this.#log.info(
      {
        deviceId: identity.deviceId,
        httpPort: this.httpPort,
        model: this.#engine.active()?.manifest.version ?? null,
      },
      'agent started',
    );
  }

  async #openOutputs(): Promise<void> {
    const { http } = this.#config;
    if (!http.enabled) return;
    this.#http = buildHttp({
      health: () => this.health(),
      metrics: this.#overseer.metrics(),
      decisions: this.#decisions,
      page: {
        host: http.host,
        pin: http.pin,
        hold: this.#hold,
        status: () => this.#overseer.pageStatus(this.#recent),
        recent: this.#recent,
        cameraIds: () => this.#slot.station?.cameraIds ?? [],
        latest: (id) => this.#slot.station?.cameras.latest(id) ?? null,
        trigger: (id) => this.#slot.station?.cameras.trigger(id),
        requestNext: (id) => this.#slot.station?.requestNext(id),
        restart: async (id) => this.#slot.station?.cameras.restart(id),
      },
    });
    try {
      await this.#http.listen({ host: http.host, port: http.port });
    } catch (error) {
      throw new LinesideError('config_invalid', `http.port: ${(error as Error).message}`, { cause: error });
    }
  }

  async #enrol(): Promise<Identity> {
    const { stateDir, server } = this.#config;
    let { claimToken } = server;
    if (claimToken === undefined && server.claimTokenFile !== undefined) {
      // The file may be gone once the token is spent; the identity in the state folder is then enough.
      claimToken = await readFile(server.claimTokenFile, 'utf8').then(
        (text) => text.trim(),
        () => undefined,
      );
    }
    return ensureIdentity({
      stateDir,
      enrolUrl: server.enrolUrl,
      claimToken,
      hardware: describeHardware(),
      log: this.#log,
      signal: this.#stopping.signal,
    });
  }

  #desire(reconciler: Reconciler, desired: DesiredState): void {
    try {
      reconciler.desire(desired);
      this.#settings.desire(desired.config);
    } catch (error) {
      this.#events.error(toLinesideError(error));
    }
  }

  #createStation(config: AgentConfig): Station {
    const { deviceId } = this;
    const [spool, budget] = [this.#spool, this.#budget];
    if (deviceId === null || !spool || !budget)
      throw new LinesideError('unavailable', 'the agent is starting');
    return new Station(config, {
      deviceId,
      engine: {
        infer: async (lane, pixels) => {
          await this.#restored;
          return this.#inferenceWatch.track(lane, this.#engine.infer(lane, pixels));
        },
      },
      shadow: this.#engine.shadow,
      spool,
      budget,
      statistics: this.#statistics,
      events: this.#events,
      decisions: {
        emit: (event) => {
          this.#decisions.emit(event);
          this.#recent.emit(event);
        },
        close: async () => {},
      },
      createSource: (camera, stateDir) =>
        (this.#ports.createSource ?? createSource)(camera, stateDir, {
          wallMs: () => this.#clock.now(),
          monotonicMs: captureClock.monotonicMs,
        }),
      onChange: () => this.#overseer.changed(),
    });
  }

  /** To be without a network is no fault of the box; a certificate that it does not accept is for a person to know. */
  #uplinkProblem(problem: LinesideError): void {
    if (problem.code !== 'unavailable') this.#events.error(problem);
  }

  /** A frame that the fleet server has already taken, or that cannot be read, is not shown. */
  async #showFlagged(spool: Spool, id: string): Promise<void> {
    if (!this.#recent.wants()) return;
    const frame = await spool.read(id).catch(() => null);
    if (frame) await this.#recent.add(frame).catch(() => undefined);
  }

  #spoolEvent(event: SpoolEvent): void {
    if (event.kind === 'evicted') {
      const { evicted, auditEvicted } = this.#spool?.stats() ?? { evicted: 0, auditEvicted: 0 };
      const so = `${evicted} since the start, ${auditEvicted} of them audit samples`;
      this.#events.tell(
        'warning',
        'spool_evicting',
        `frame ${event.id} was given up (${event.cause}); ${so}`,
      );
    } else if (event.kind === 'corrupt') {
      this.#events.tell('warning', 'blob_corrupt', `${event.file} in the spool is not a readable frame`);
    } else {
      this.#events.tell('warning', event.code, `the fleet server refused frame ${event.id}`);
    }
  }

  /** Cameras first, so that frames under way can still be decided and stored; then from the outside in. */
  async #stop(): Promise<void> {
    this.#stopping.abort();
    await this.#starting?.catch(() => {});
    this.#overseer.stop();
    const stopping = Promise.all([this.#slot.stop(), this.#settings.stop()]);
    // Frames that wait for an engine that does not answer are let go with it.
    await Promise.race([stopping, delay(drainMs, undefined, { ref: false })]);
    await this.#reconciler?.stop();
    await this.#engine.stop();
    await stopping;
    await this.#certificate?.stop();
    await this.#uplink?.stop();
    await this.#budget?.close();
    await this.#spool?.close();
    await this.#decisions.close();
    await this.#http?.close();
    // Another agent may have the folder: nothing of it is touched then.
    if (!this.#lock) return;
    await this.#hold.close();
    await this.#eventQueue.close();
    await this.#clock.close();
    await this.#lock.release();
    this.#log.info({}, 'agent stopped');
  }
}
