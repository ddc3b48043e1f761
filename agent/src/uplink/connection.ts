import { randomUUID } from 'node:crypto';
import {
  type DownChannel,
  downChannels,
  downTopic,
  encodeMessage,
  PresenceMessage,
  upTopic,
} from '@lineside/shared';
import { connect, type MqttClient } from 'mqtt';
import type { Identity } from '../enrol/identity.js';

const instance = randomUUID();

/** One connection to the broker, from TLS hand-shake to close. It is never reused: a lost one is followed by a new one. */
export interface Connection {
  publish(topic: string, payload: Uint8Array, options: { qos: 0 | 1; retain: boolean }): Promise<void>;
  /** Says goodbye and closes; what the broker has not acknowledged by then is not waited for. */
  end(): Promise<void>;
  /** Drops the connection as a cut cable would: the broker publishes the last will. */
  drop(): void;
}

export interface ConnectionEvents {
  /** Connected and subscribed to all down topics. */
  ready(connection: Connection): void;
  /** @param retained whether the broker had kept it: it may be old */
  message(channel: DownChannel, payload: Uint8Array, retained: boolean): void;
  /** Once, whatever the cause; nothing follows it. */
  closed(cause: Error | null): void;
}

export interface ConnectionOptions {
  identity: Identity;
  keepaliveSeconds: number;
  connectTimeoutMs: number;
  now: () => number;
}

export function openConnection(options: ConnectionOptions, events: ConnectionEvents): Connection {
  const { identity } = options;
  const { deviceId } = identity;
  const client = connect(identity.mqttUrl, {
    clientId: deviceId,
    // Names this process: one that comes back after another had its place tells the server of a copied identity.
    username: instance,
    protocolVersion: 4,
    clean: true,
    key: identity.keyPem,
    cert: identity.certificatePem,
    ca: identity.caPem,
    rejectUnauthorized: true,
    keepalive: options.keepaliveSeconds,
    connectTimeout: options.connectTimeoutMs,
    // The uplink reconnects itself with jitter and a fresh client, which leaves no stale packets in memory.
    reconnectPeriod: 0,
    queueQoSZero: false,
    resubscribe: false,
    will: {
      topic: upTopic(deviceId, 'presence'),
      payload: Buffer.from(encodeMessage(PresenceMessage, { v: 1, online: false, at: options.now() })),
      qos: 1,
      retain: true,
    },
  });
  const connection: Connection = {
    async publish(topic, payload, publishOptions) {
      const { buffer, byteOffset, byteLength } = payload;
      await client.publishAsync(topic, Buffer.from(buffer, byteOffset, byteLength), publishOptions);
    },
    end: () => endClient(client),
    drop: () => void client.end(true),
  };
  const channelOf = new Map(downChannels.map((channel) => [downTopic(deviceId, channel), channel]));
  let cause: Error | null = null;
  let closed = false;

  // Without this listener a late socket error would be an uncaught exception.
  client.on('error', (error) => {
    cause ??= error;
    client.end(true);
  });
  client.on('message', (topic, payload, { retain }) => {
    const channel = channelOf.get(topic);
    if (channel) events.message(channel, payload, retain);
  });
  client.on('close', () => {
    if (closed) return;
    closed = true;
    clearTimeout(subscribeTimer);
    client.end(true);
    events.closed(cause);
  });
  client.on('connect', () => {
    client
      .subscribeAsync([...channelOf.keys()], { qos: 1 })
      .then((grants) => {
        if (grants.some((grant) => grant.qos === 128)) throw new Error('the broker refuses a subscription');
        clearTimeout(subscribeTimer);
        if (!closed) events.ready(connection);
      })
      .catch((error: Error) => {
        cause ??= error;
        client.end(true);
      });
  });
  const subscribeTimer = setTimeout(() => {
    cause ??= new Error('the broker does not answer');
    client.end(true);
  }, options.connectTimeoutMs * 2);
  return connection;
}

async function endClient(client: MqttClient): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 500);
  });
  await Promise.race([client.endAsync(), patience]).catch(() => undefined);
  clearTimeout(timer);
  client.end(true);
}
