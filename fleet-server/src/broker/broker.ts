import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { LinesideError, mayAccess, parseTopic, type UpChannel } from '@lineside/shared';
import { Aedes, type AuthenticateError, type Client, type ConnectPacket, type PublishPacket } from 'aedes';
import type { FastifyBaseLogger } from 'fastify';
import type { ServerCredentials } from '../trust/fleet-ca.js';
import { GateError, type GateLimits, InFlightBudget, PacketGate } from './packet-gate.js';
import { Turnstile } from './turnstile.js';

export interface BrokerOptions {
  host: string;
  port: number;
  credentials: ServerCredentials;
  caPem: string;
  limits: GateLimits;
  /** Frames read and not yet durable, all connections, bytes. */
  totalInFlight: number;
  log: FastifyBaseLogger;
  /** Whether the device may connect with this certificate (SHA-256 of its DER, hex). */
  admit(deviceId: string, certificateSha256: string): Promise<boolean>;
  /**
   * A device that may connect does; false: it may not after all.
   * @param instance names the process; empty: it has no name
   */
  connects(deviceId: string, instance: string): Promise<boolean>;
  /** A payload from a device. PUBACK is sent when it resolves; when it rejects the connection is cut. */
  receive(deviceId: string, channel: UpChannel, payload: Buffer, live: boolean): Promise<void>;
  onConnected(deviceId: string): void;
  onDisconnected(deviceId: string): void;
  /** The device listens on a topic of its own from now on. */
  onSubscribed(deviceId: string, topic: string): void;
  onRefused(reason: string): void;
}

/** A whole fleet may knock at one moment. */
const backlog = 4096;
/** The agent waits for 20 s, its hand-shake and the answer to its CONNECT included. */
const turns = { atOnce: 64, countedMs: 1000, patienceMs: 15_000 };

const nothing = Buffer.alloc(0);
const notAuthorized = (message: string): AuthenticateError =>
  // 5: not authorized, MQTT 3.1.1, 3.2.2.3
  Object.assign(new Error(message), { returnCode: 5 as AuthenticateError['returnCode'] });

/** MQTT over TLS for the fleet: client id = certificate name = device id, and nothing but the device's own topics. */
export class Broker {
  private readonly budget: InFlightBudget;
  private readonly connects = new WeakMap<Client, ConnectPacket>();
  private readonly clients = new Map<string, Client>();
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly options: BrokerOptions,
    private readonly aedes: Aedes,
    private readonly server: Server,
    tls: TlsServer,
  ) {
    this.budget = new InFlightBudget(options.totalInFlight);
    this.wire(tls);
  }

  /** @throws whatever the listener says, such as EADDRINUSE */
  static async start(options: BrokerOptions): Promise<Broker> {
    const aedes = await Aedes.createBroker({
      connectTimeout: 10_000,
      drainTimeout: 10_000,
      // No queue of its own: it would wait for the slowest hundred devices, and empties itself by recursion.
      concurrency: 0,
    });
    const tls = createTlsServer({
      key: options.credentials.keyPem,
      cert: options.credentials.chainPem,
      ca: options.caPem,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      handshakeTimeout: 10_000,
    });
    const server = createServer({
      pauseOnConnect: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
    });
    const broker = new Broker(options, aedes, server, tls);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port: options.port, host: options.host, backlog }, resolve);
    });
    return broker;
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  get connected(): number {
    return this.clients.size;
  }

  get inFlightBytes(): number {
    return this.budget.usedBytes;
  }

  isConnected(deviceId: string): boolean {
    return this.clients.has(deviceId);
  }

  /** Resolves when the broker has taken it on; a device that is not there does not get it. */
  publish(topic: string, payload: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.aedes.publish(
        { cmd: 'publish', topic, payload: Buffer.from(payload), qos: 1, dup: false, retain: false },
        (error) => (error ? reject(error) : resolve()),
      );
    });
  }

  disconnect(deviceId: string): Promise<void> {
    const client = this.clients.get(deviceId);
    return client ? new Promise((resolve) => client.close(resolve)) : Promise.resolve();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    await new Promise<void>((resolve) => this.aedes.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private wire(tls: TlsServer): void {
    const { aedes, server, sockets, options } = this;
    const turnstile = new Turnstile(
      turns,
      (socket) => tls.emit('connection', socket),
      () => options.onRefused('busy'),
    );
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      turnstile.arrive(socket);
    });
    tls.on('secureConnection', (socket) => {
      turnstile.leave(socket);
      aedes.handle(new PacketGate(socket, options.limits, this.budget));
    });
    tls.on('tlsClientError', (error, socket) => {
      turnstile.leave(socket);
      socket.destroy();
      options.onRefused('tls');
      options.log.debug({ error: error.message, address: socket.remoteAddress }, 'MQTT handshake refused');
    });

    aedes.preConnect = (client, packet, done) => {
      this.connects.set(client, packet);
      // The fleet server keeps no sessions: what a device needs is in the database and is sent on subscribe.
      packet.clean = true;
      done(null, true);
    };
    aedes.authenticate = (client, user, _password, done) => {
      this.authenticate(client, user ?? '').then(
        () => done(null, true),
        (error: Error) => {
          options.onRefused('authentication');
          options.log.warn({ client: client.id, reason: error.message }, 'MQTT connection refused');
          done(notAuthorized(error.message), false);
        },
      );
    };
    aedes.authorizeSubscribe = (client, subscription, done) => {
      const allowed = mayAccess(client.id, 'subscribe', subscription.topic);
      if (!allowed) this.refuse(client, 'subscribe', subscription.topic);
      done(null, allowed ? subscription : null);
    };
    aedes.authorizePublish = (client, packet, done) => {
      if (!client) return done(null);
      this.publishFrom(client, packet).then(() => done(null), done);
    };
    aedes.on('clientReady', (client) => {
      this.clients.set(client.id, client);
      options.onConnected(client.id);
    });
    aedes.on('clientDisconnect', (client) => {
      if (this.clients.get(client.id) !== client) return;
      this.clients.delete(client.id);
      options.onDisconnected(client.id);
    });
    aedes.on('subscribe', (subscriptions, client) => {
      for (const { topic, qos } of subscriptions) {
        if ((qos as number) !== 128) options.onSubscribed(client.id, topic);
      }
    });
    const trouble = (client: Client, error: Error) => {
      if (error instanceof GateError) options.onRefused(error.refusal);
      options.log.debug({ client: client.id, reason: error.message }, 'MQTT connection ended');
    };
    aedes.on('clientError', trouble);
    aedes.on('connectionError', trouble);
  }

  private async authenticate(client: Client, instance: string): Promise<void> {
    const gate = client.conn as unknown as PacketGate;
    const certificate = gate.socket.getPeerCertificate();
    const name = certificate?.subject?.CN;
    if (!gate.socket.authorized || typeof name !== 'string') throw new LinesideError('certificate_required');
    if (client.id !== name)
      throw new LinesideError('topic_forbidden', 'the client id is not the certificate name');
    const will = this.connects.get(client)?.will;
    if (will && !mayAccess(name, 'publish', will.topic)) {
      throw new LinesideError('topic_forbidden', 'the will belongs to another device');
    }
    const sha256 = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
    if (!(await this.options.admit(name, sha256))) throw new LinesideError('certificate_revoked');
    if (!(await this.options.connects(name, instance.slice(0, 64)))) throw new LinesideError('device_cloned');
    gate.accept();
  }

  private async publishFrom(client: Client, packet: PublishPacket): Promise<void> {
    if (!mayAccess(client.id, 'publish', packet.topic) || packet.qos === 2) {
      this.refuse(client, 'publish', packet.topic);
      throw new LinesideError('topic_forbidden', packet.topic);
    }
    const { channel } = parseTopic(packet.topic);
    const payload = packet.payload as Buffer;
    const release = (client.conn as unknown as PacketGate).hold(payload.byteLength);
    try {
      const live = this.clients.get(client.id) === client;
      await this.options.receive(client.id, channel as UpChannel, payload, live);
    } finally {
      // The broker would keep the payload for retained messages and subscribers; there are none.
      packet.retain = false;
      packet.payload = nothing;
      release();
    }
  }

  private refuse(client: Client, action: string, topic: string): void {
    this.options.onRefused(`topic_${action}`);
    this.options.log.warn({ client: client.id, action, topic: topic.slice(0, 200) }, 'MQTT topic refused');
  }
}
