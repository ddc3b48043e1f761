import { randomUUID } from 'node:crypto';
import {
  type Alarm,
  type Command,
  CommandMessage,
  type DesiredState,
  downTopic,
  encodeMessage,
  LinesideError,
  ReceiptMessage,
  type ReportedState,
  type ResultMessage,
  say,
} from '@lineside/shared';
import type { FastifyBaseLogger } from 'fastify';
import type { Registry } from 'prom-client';
import { Broker } from '../../broker/broker.js';
import type { GateLimits } from '../../broker/packet-gate.js';
import type { Db } from '../../db/database.js';
import type { Audit, Blobs, DeviceLink, LiveBus } from '../../services.js';
import type { ServerCredentials } from '../../trust/fleet-ca.js';
import { FrameIngest, type Receipt } from '../ingest/frame-ingest.js';
import { messageHandlers } from '../ingest/messages.js';
import { ingestMetrics } from '../ingest/metrics.js';
import { Quarantine } from '../ingest/quarantine.js';
import type { Admission } from './admission.js';
import { CloneWatch } from './clone-watch.js';
import { CommandChannel } from './command-channel.js';
import { DesiredStates } from './desired-states.js';
import { DeviceStateWriter } from './device-state.js';
import { EventLog } from './event-log.js';
import { type DesiredChange, quarantine, release } from './repository.js';
import { SilenceWatch } from './silence-watch.js';

const commandTimeoutMs = 15_000;
const silenceCheckMs = 1000;
/** So many receipts fit one message of the protocol. */
const receiptsPerMessage = 1000;

export interface DeviceHubOptions {
  db: Db;
  admission: Admission;
  blobs: Blobs;
  live: LiveBus;
  audit: Audit;
  log: FastifyBaseLogger;
  now: () => number;
  registry: Registry;
  caPem: string;
  credentials: ServerCredentials;
  host: string;
  port: number;
  limits: GateLimits;
  totalInFlight: number;
}

/** The devices' side of the server: the broker, what its messages set off, and what other features ask of devices. */
export class DeviceHub implements DeviceLink {
  private readonly reportedListeners = new Set<(deviceId: string, reported: ReportedState) => void>();
  private readonly frameListeners = new Set<(deviceId: string, frameIds: string[]) => void>();
  private readonly commands = new CommandChannel((deviceId, id, command) =>
    this.requireBroker().publish(
      downTopic(deviceId, 'command'),
      encodeMessage(CommandMessage, { v: 1, id, command }),
    ),
  );
  private readonly desired: DesiredStates;
  private readonly state: DeviceStateWriter;
  private readonly silence: SilenceWatch;
  private readonly events: EventLog;
  private readonly clones = new CloneWatch();
  private silenceTimer: NodeJS.Timeout | undefined;
  private readonly frames: FrameIngest;
  private broker: Broker | null = null;

  constructor(private readonly options: DeviceHubOptions) {
    const { db, blobs, log, now, live } = options;
    this.desired = new DesiredStates({
      db,
      now,
      isConnected: (deviceId) => this.isConnected(deviceId),
      publish: (deviceId, payload) => this.requireBroker().publish(downTopic(deviceId, 'desired'), payload),
      background: (work) => this.background(work),
    });
    this.state = new DeviceStateWriter(db);
    this.silence = new SilenceWatch(now);
    this.events = new EventLog(db);
    this.metrics = ingestMetrics(options.registry, {
      inFlightBytes: () => this.broker?.inFlightBytes ?? 0,
      connected: () => this.broker?.connected ?? 0,
    });
    this.quarantine = new Quarantine(db, this.metrics.quarantined);
    this.frames = new FrameIngest({
      db,
      blobs,
      log,
      now,
      quarantine: this.quarantine,
      metrics: this.metrics,
      sendReceipts: (deviceId, receipts) => this.sendReceipts(deviceId, receipts),
      onStored: (deviceId, frameIds) => {
        this.tell(this.frameListeners, deviceId, frameIds);
        live.publish({ type: 'frames', deviceId, count: frameIds.length });
        live.publish({ type: 'queue' });
      },
    });
  }

  private readonly metrics: ReturnType<typeof ingestMetrics>;
  private readonly quarantine: Quarantine;

  async start(): Promise<void> {
    const { options, metrics, state } = this;
    await state.markAllOffline();
    const handlers = messageHandlers({
      frames: this.frames,
      state,
      events: this.events,
      commands: this.commands,
      quarantine: this.quarantine,
      metrics,
      now: options.now,
      onTelemetry: (deviceId) => {
        const wasSilent = this.silence.heard(deviceId);
        options.live.publish({ type: wasSilent ? 'device' : 'telemetry', deviceId });
      },
      onReported: (deviceId, reported) => {
        this.silence.expect(deviceId, reported);
        if (!reported.order) this.background(this.desired.sendToOld(deviceId));
        this.tell(this.reportedListeners, deviceId, reported);
      },
      onChanged: (deviceId) => options.live.publish({ type: 'device', deviceId }),
      background: (work) => this.background(work),
    });
    this.broker = await Broker.start({
      host: options.host,
      port: options.port,
      credentials: options.credentials,
      caPem: options.caPem,
      limits: options.limits,
      totalInFlight: options.totalInFlight,
      log: options.log,
      admit: (deviceId, sha256) => options.admission.admits(deviceId, sha256),
      connects: (deviceId, instance) => this.connects(deviceId, instance),
      receive: (deviceId, channel, payload, live) => {
        metrics.messages.inc({ channel });
        return handlers[channel](deviceId, payload, live);
      },
      onConnected: (deviceId) => {
        this.silence.connected(deviceId);
        this.desired.forget(deviceId);
        this.note(deviceId, true);
      },
      onDisconnected: (deviceId) => {
        this.commands.fail(deviceId);
        this.silence.gone(deviceId);
        this.desired.forget(deviceId);
        this.note(deviceId, false);
      },
      onSubscribed: (deviceId, topic) => {
        if (topic === downTopic(deviceId, 'desired')) this.background(this.sendDesired(deviceId));
      },
      onRefused: (reason) => metrics.refused.inc({ reason }),
    });
    this.silenceTimer = setInterval(() => this.watchSilence(), silenceCheckMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.silenceTimer);
    await this.broker?.close();
    await this.frames.idle();
    await this.state.idle();
    await this.state.markAllOffline().catch(() => {});
  }

  get port(): number {
    return this.requireBroker().port;
  }

  isConnected(deviceId: string): boolean {
    return this.broker?.isConnected(deviceId) ?? false;
  }

  setDesired(deviceId: string, change: DesiredChange): Promise<DesiredState> {
    return this.desired.set(deviceId, change);
  }

  async setDesiredOfMany(changes: readonly { deviceId: string; change: DesiredChange }[]): Promise<void> {
    await this.desired.setMany(changes);
  }

  sendDesired(deviceId: string): Promise<void> {
    return this.desired.send(deviceId);
  }

  raisedAlarms(): ReadonlyMap<string, readonly Alarm[]> {
    return this.silence.alarms;
  }

  async command(deviceId: string, command: Command, timeoutMs = commandTimeoutMs): Promise<ResultMessage> {
    if (!this.isConnected(deviceId)) throw new LinesideError('device_offline', deviceId);
    return this.commands.request(deviceId, command, timeoutMs);
  }

  async disconnect(deviceId: string): Promise<void> {
    await this.broker?.disconnect(deviceId);
  }

  onReported(listener: (deviceId: string, reported: ReportedState) => void): () => void {
    this.reportedListeners.add(listener);
    return () => this.reportedListeners.delete(listener);
  }

  onFrames(listener: (deviceId: string, frameIds: string[]) => void): () => void {
    this.frameListeners.add(listener);
    return () => this.frameListeners.delete(listener);
  }

  async release(deviceId: string): Promise<boolean> {
    this.clones.forget(deviceId);
    return release(this.options.db, deviceId);
  }

  /** Where two machines show one identity neither may connect until a person has decided. */
  private async connects(deviceId: string, instance: string): Promise<boolean> {
    if (!this.clones.connects(deviceId, instance)) return true;
    const { db, now, log, live, audit } = this.options;
    if (await quarantine(db, deviceId, new Date(now()))) {
      log.error({ deviceId }, 'two machines use one identity: quarantined');
      await audit.record({ actor: 'system', action: 'device.quarantine', subject: deviceId });
      const message = say('device_cloned');
      const event = { v: 1 as const, id: randomUUID(), at: now(), severity: 'error' as const };
      await this.events.add(deviceId, { ...event, code: 'device_cloned', message });
    }
    await this.disconnect(deviceId);
    live.publish({ type: 'device', deviceId });
    return false;
  }

  private requireBroker(): Broker {
    if (!this.broker) throw new LinesideError('unavailable');
    return this.broker;
  }

  private tell<T>(
    listeners: Iterable<(deviceId: string, value: T) => void>,
    deviceId: string,
    value: T,
  ): void {
    for (const listener of listeners) {
      try {
        listener(deviceId, value);
      } catch (error) {
        this.options.log.error({ error, deviceId }, 'a listener failed');
      }
    }
  }

  private note(deviceId: string, online: boolean): void {
    const { live, now } = this.options;
    this.background(
      this.state
        .record({ deviceId, online, seenMs: now() })
        .then(() => live.publish({ type: 'device', deviceId })),
    );
  }

  /** Whoever fell silent is told to people at once, and stays readable among the device's events. */
  private watchSilence(): void {
    const { live, log, now } = this.options;
    for (const { deviceId, message } of this.silence.check()) {
      log.warn({ deviceId }, message);
      live.publish({ type: 'device', deviceId });
      const event = { v: 1 as const, id: randomUUID(), at: now(), severity: 'error' as const };
      this.background(this.events.add(deviceId, { ...event, code: 'device_silent', message }));
    }
  }

  private background(work: Promise<unknown>): void {
    work.catch((error: Error) =>
      this.options.log.error({ error: error.message }, 'device bookkeeping failed'),
    );
  }

  private async sendReceipts(deviceId: string, receipts: Receipt[]): Promise<void> {
    if (!this.isConnected(deviceId)) return;
    for (let at = 0; at < receipts.length; at += receiptsPerMessage) {
      const part = receipts.slice(at, at + receiptsPerMessage);
      await this.requireBroker().publish(
        downTopic(deviceId, 'receipt'),
        encodeMessage(ReceiptMessage, { v: 1, at: this.options.now(), receipts: part }),
      );
    }
  }
}
