import { once } from 'node:events';
import { createServer, type TLSSocket } from 'node:tls';
import {
  type DownChannel,
  downTopic,
  encodeMessage,
  parseTopic,
  ReceiptMessage,
  type Topic,
} from '@lineside/shared';
import { Aedes, type AedesPublishPacket, type Client } from 'aedes';
import type { Identity } from '../../src/enrol/identity.js';
import type { Leaf, TestAuthority } from '../enrol/test-authority.js';
import { freePort } from '../helpers/free-port.js';

export interface Received {
  topic: Topic;
  payload: Buffer;
  qos: number;
  retain: boolean;
  /** What the device said, or the broker on its behalf (last will). */
  client: Client | null;
}

/** A real broker over mutual TLS on loopback that answers frames as the test says. */
export interface TestBroker {
  port: number;
  url: string;
  received: Received[];
  onReceived: (message: Received) => void;
  of(channel: Topic['channel']): Received[];
  send(deviceId: string, channel: DownChannel, payload: Uint8Array): Promise<void>;
  receipt(
    deviceId: string,
    ids: string[],
    status?: 'stored' | 'duplicate' | 'rejected',
    code?: string,
  ): Promise<void>;
  retained(deviceId: string, channel: Topic['channel']): Buffer | undefined;
  /** Subscriptions that were accepted. */
  subscriptions: string[];
  /** While true, frames are taken from the wire and never acknowledged. */
  holdFrames: () => boolean;
  /** The clock that its receipts carry; null: none. */
  clock: (() => number) | null;
  /** Cuts every connection without a word. */
  cut(): void;
  close(): Promise<void>;
}

/** @param again the port of a broker that has gone; 0: one of its own */
export async function startBroker(
  authority: TestAuthority,
  again = 0,
  certificate?: Leaf,
): Promise<TestBroker> {
  const port = again || (await freePort());
  const leaf = certificate ?? (await authority.server());
  const aedes = await Aedes.createBroker();
  const sockets = new Set<TLSSocket>();
  const server = createServer({
    key: leaf.keyPem,
    cert: leaf.certificatePem + authority.caPem,
    ca: authority.caPem,
    requestCert: true,
    rejectUnauthorized: true,
  });
  server.on('tlsClientError', () => undefined);
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    aedes.handle(socket);
  });
  const retained = new Map<string, Buffer>();
  const broker: TestBroker = {
    port,
    url: `mqtts://127.0.0.1:${port}`,
    received: [],
    onReceived: () => undefined,
    subscriptions: [],
    holdFrames: () => false,
    clock: null,
    of: (channel) => broker.received.filter(({ topic }) => topic.channel === channel),
    send: (deviceId, channel, payload) =>
      new Promise((resolve, reject) => {
        const packet: AedesPublishPacket = {
          cmd: 'publish',
          topic: downTopic(deviceId, channel),
          payload: Buffer.from(payload),
          qos: 1,
          retain: false,
          dup: false,
        } as AedesPublishPacket;
        aedes.publish(packet, (error) => (error ? reject(error) : resolve()));
      }),
    receipt: (deviceId, ids, status = 'stored', code) =>
      broker.send(
        deviceId,
        'receipt',
        encodeMessage(ReceiptMessage, {
          v: 1,
          ...(broker.clock && { at: broker.clock() }),
          receipts: ids.map((id) => ({ id, status, ...(code !== undefined && { code }) })),
        }),
      ),
    retained: (deviceId, channel) => retained.get(`${deviceId}/${channel}`),
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      broker.cut();
      server.close();
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
    },
  };
  aedes.authorizeSubscribe = (_client, subscription, callback) => {
    broker.subscriptions.push(subscription.topic);
    callback(null, subscription);
  };
  aedes.authorizePublish = (_client, packet, callback) => {
    if (packet.topic.endsWith('/up/frame') && broker.holdFrames()) return;
    callback(null);
  };
  aedes.on('publish', (packet, client) => {
    if (packet.topic.startsWith('$SYS') || packet.topic.includes('/down/')) return;
    const topic = parseTopic(packet.topic);
    const payload = Buffer.from(packet.payload as Buffer);
    const message = { topic, payload, qos: packet.qos, retain: packet.retain, client };
    if (packet.retain) retained.set(`${topic.deviceId}/${topic.channel}`, payload);
    broker.received.push(message);
    broker.onReceived(message);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return broker;
}

export async function identityFor(
  authority: TestAuthority,
  deviceId: string,
  mqttUrl: string,
): Promise<Identity> {
  const { keyPem, certificatePem } = await authority.device(deviceId);
  const artifactsUrl = 'https://127.0.0.1:1';
  return { deviceId, keyPem, certificatePem, caPem: authority.caPem, mqttUrl, artifactsUrl, tufRoot: '{}' };
}
