import { readFile } from 'node:fs/promises';
import type { OutputOf } from '@lineside/shared';
import type { MqttClient } from 'mqtt';
import { abortable } from './abortable.js';
import { type DecisionEvent, decisionJson } from './decision-sink.js';
import { Link } from './link.js';
import { Reconnecting } from './reconnecting.js';
import type { Target, TargetEvents } from './target.js';

type MqttConfig = OutputOf<'mqtt'>;

const keepaliveSeconds = 10;

/**
 * Decisions as messages of a local broker. A client lives as long as its connection and forgets with it what is under
 * way, so nothing is sent a second time. At quality 2 a broker passes a message on only when the second half of its
 * hand-shake arrives, so one that stood still until the decision was given up does not pass it on late.
 */
export class MqttTarget implements Target<DecisionEvent> {
  readonly #config: MqttConfig;
  #connections: Reconnecting<MqttClient> | null = null;

  constructor(config: MqttConfig) {
    this.#config = config;
  }

  get ready(): boolean {
    return this.#connections?.current?.client.connected ?? false;
  }

  start({ onReady, onTrouble }: TargetEvents): void {
    this.#connections = new Reconnecting({
      open: (signal) => openBroker(this.#config, signal),
      onOpen: onReady,
      onTrouble,
    });
    this.#connections.start();
  }

  async send(event: DecisionEvent, signal: AbortSignal): Promise<void> {
    const link = this.#connections?.current;
    if (!link) throw new Error('the broker is not connected');
    const { qos, topic } = this.#config;
    const name = topic.replaceAll('{camera}', event.cameraId);
    await link.run(link.client.publishAsync(name, decisionJson(event), { qos }), signal);
  }

  async close(): Promise<void> {
    await this.#connections?.stop();
  }
}

async function openBroker(config: MqttConfig, signal: AbortSignal): Promise<Link<MqttClient>> {
  const { caFile, passwordFile, url, username } = config;
  const { connect } = await import('mqtt');
  const client = connect(url, {
    ...(username === undefined ? {} : { username }),
    ...(passwordFile === undefined ? {} : { password: (await readFile(passwordFile, 'utf8')).trim() }),
    ...(caFile === undefined ? {} : { ca: await readFile(caFile) }),
    clean: true,
    reconnectPeriod: 0,
    queueQoSZero: false,
    keepalive: keepaliveSeconds,
  });
  const closed = new Promise<void>((resolve) => client.once('close', resolve));
  const cut = (): void => void client.end(true);
  const connected = new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.on('error', reject);
    void closed.then(() => reject(new Error('the broker closed the connection')));
  });
  await abortable(connected, signal, cut);
  return new Link(client, closed, cut);
}
