import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { request } from 'node:https';
import {
  type Command,
  CommandMessage,
  DesiredState,
  decodeMessage,
  downTopic,
  EnrolResponse,
  encodeMessage,
  FrameMessage,
  ReceiptMessage,
  ResultMessage,
  upTopic,
} from '@lineside/shared';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import sharp from 'sharp';
import { privateKeyPem } from '../../src/trust/keys.js';
import type { TestServer } from './test-server.js';

export interface Identity {
  deviceId: string;
  keyPem: string;
  certificatePem: string;
  caPem: string;
  mqttUrl: string;
  artifactsUrl: string;
  tufRoot: string;
}

export interface HttpsAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** One HTTPS request to the device port, with the identity's certificate if there is one. */
export function httpsRequest(
  url: string,
  options: {
    method?: string;
    headers?: Record<string, string>;
    body?: string;
    ca?: string;
    identity?: Pick<Identity, 'keyPem' | 'certificatePem'>;
  } = {},
): Promise<HttpsAnswer> {
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      {
        method: options.method ?? 'GET',
        agent: false,
        headers: options.headers,
        ...(options.ca ? { ca: options.ca } : { rejectUnauthorized: false }),
        ...(options.identity ? { key: options.identity.keyPem, cert: options.identity.certificatePem } : {}),
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
        );
      },
    );
    call.on('error', reject);
    call.end(options.body);
  });
}

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A key pair and its signing request, as a device makes them. */
export async function newCsr(
  algorithm: webcrypto.EcKeyAlgorithm | webcrypto.RsaHashedKeyGenParams | typeof ecdsa = ecdsa,
): Promise<{ keyPem: string; csrPem: string }> {
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const csr = await Pkcs10CertificateRequestGenerator.create(
    { name: 'CN=device', keys, signingAlgorithm: algorithm },
    webcrypto,
  );
  return { keyPem: privateKeyPem(keys), csrPem: csr.toString('pem') };
}

export const claim = async (
  server: TestServer,
  name: string,
): Promise<{ token: string; enrolUrl: string }> => {
  const answer = await server.admin.post<{ token: string; enrolUrl: string }>('/devices/claim-tokens', {
    name,
  });
  if (answer.status !== 201) throw new Error(`no claim token: ${JSON.stringify(answer.body)}`);
  return answer.body;
};

export const enrol = (enrolUrl: string, claimToken: string, csrPem: string): Promise<HttpsAnswer> =>
  httpsRequest(`${enrolUrl}/enrol`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ v: 1, claimToken, csrPem, hardware: { arch: 'x64', model: 'test' } }),
  });

/** Enrols a device the way a real one does. */
export async function enrolDevice(server: TestServer, name = 'Camera 1'): Promise<Identity> {
  const { token, enrolUrl } = await claim(server, name);
  const { keyPem, csrPem } = await newCsr();
  const answer = await enrol(enrolUrl, token, csrPem);
  if (answer.status !== 201) throw new Error(`enrolment refused: ${answer.body}`);
  const { v: _v, ...rest } = decodeMessage(EnrolResponse, answer.body);
  return { keyPem, ...rest };
}

/** A device's connection that collects what the server sends. */
export class TestDevice {
  readonly receipts = new Map<string, ReceiptMessage['receipts'][number]>();
  readonly desired: DesiredState[] = [];

  private constructor(
    readonly identity: Identity,
    readonly client: MqttClient,
  ) {
    client.on('message', (topic, payload) => {
      if (topic === downTopic(identity.deviceId, 'receipt')) {
        for (const receipt of decodeMessage(ReceiptMessage, payload).receipts)
          this.receipts.set(receipt.id, receipt);
      } else if (topic === downTopic(identity.deviceId, 'desired')) {
        this.desired.push(decodeMessage(DesiredState, payload));
      }
    });
  }

  static async connect(identity: Identity, options: IClientOptions = {}): Promise<TestDevice> {
    const client = await mqtt.connectAsync(identity.mqttUrl, { ...mqttOptions(identity), ...options }, false);
    client.on('error', () => {});
    const device = new TestDevice(identity, client);
    // A client that loses its connection here would wait for ever.
    const closed = new Promise<never>((_, reject) => {
      client.once('close', () => reject(new Error('the connection was closed')));
    });
    closed.catch(() => {});
    const subscribed = client.subscribeAsync({
      [downTopic(identity.deviceId, 'receipt')]: { qos: 1 },
      [downTopic(identity.deviceId, 'desired')]: { qos: 1 },
    });
    await Promise.race([subscribed, closed]);
    return device;
  }

  /** Resolves with the server's PUBACK. */
  async send(frame: FrameMessage): Promise<void> {
    await this.publish('frame', encodeMessage(FrameMessage, frame));
  }

  async publish(channel: Parameters<typeof upTopic>[1], payload: Uint8Array | string): Promise<void> {
    const bytes = typeof payload === 'string' ? payload : Buffer.from(payload);
    await this.client.publishAsync(upTopic(this.identity.deviceId, channel), bytes, { qos: 1 });
  }

  /** Answers commands from now on; null: never. */
  async onCommand(answer: (command: Command) => Omit<ResultMessage, 'v' | 'id'> | null): Promise<void> {
    const topic = downTopic(this.identity.deviceId, 'command');
    this.client.on('message', (on, payload) => {
      if (on !== topic) return;
      const { id, command } = decodeMessage(CommandMessage, payload);
      const result = answer(command);
      if (result) void this.publish('result', encodeMessage(ResultMessage, { v: 1, id, ...result }));
    });
    await this.client.subscribeAsync(topic, { qos: 1 });
  }

  async close(): Promise<void> {
    await this.client.endAsync(true);
  }
}

export const mqttOptions = (identity: Identity): IClientOptions => ({
  clientId: identity.deviceId,
  clean: true,
  key: identity.keyPem,
  cert: identity.certificatePem,
  ca: identity.caPem,
  reconnectPeriod: 0,
  connectTimeout: 10_000,
  protocolVersion: 4,
});

/** UUIDv7, as devices make them. */
export function frameId(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

let shade = 0;

/** A small real picture, another one each time. */
export const picture = async (
  type: 'jpeg' | 'png' | 'webp' | 'tiff' = 'jpeg',
  width = 48,
  height = 32,
): Promise<Buffer> => {
  shade = (shade + 1) % 65_536;
  const background = { r: shade & 255, g: shade >> 8, b: 90 };
  return sharp({ create: { width, height, channels: 3, background } })
    [type]()
    .toBuffer();
};

export async function makeFrame(overrides: Partial<FrameMessage> = {}): Promise<FrameMessage> {
  return {
    v: 1,
    id: frameId(),
    cameraId: 'cam-1',
    sequence: 1,
    capturedAt: Date.now(),
    width: 48,
    height: 32,
    imageType: 'image/jpeg',
    image: overrides.image ?? (await picture()),
    reasons: [{ kind: 'low_confidence', score: 0.7 }],
    ...overrides,
  };
}
