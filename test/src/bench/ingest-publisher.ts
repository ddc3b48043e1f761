import { once } from 'node:events';
import { decodeMessage, downTopic, ReceiptMessage, upTopic } from '@lineside/shared';
import mqtt, { type IClientOptions } from 'mqtt';
import { frameFactory } from './ingest-load.js';

/** What the parent process sends. With `receipts`, a frame counts when its receipt is there, else when its PUBACK is. */
export interface PublishOrder {
  url: string;
  tls: Pick<IClientOptions, 'ca' | 'cert' | 'key'>;
  clientId: string;
  /** Published before the clock starts, so that no side is measured while it is still being compiled. */
  warmUpFrames: number;
  frames: number;
  pictureBytes: number;
  window: number;
  receipts: boolean;
}

/** Publishes frames as one camera does, a window of them under way at a time. */
async function publish(order: PublishOrder): Promise<void> {
  const next = await frameFactory(order.pictureBytes);
  const client = await mqtt.connectAsync(order.url, {
    ...order.tls,
    clientId: order.clientId,
    protocolVersion: 4,
    reconnectPeriod: 0,
  });
  let target = order.warmUpFrames;
  let settled = 0;
  client.on('error', (error) => {
    // A broker may reset the connection on DISCONNECT; by then everything is counted.
    if (settled === target) return;
    console.error(error);
    process.exit(1);
  });
  const waiting = new Set<string>();
  let started = 0;
  let finished = () => {};
  const settle = (id: string) => {
    if (!waiting.delete(id)) return;
    settled++;
    if (settled === target) finished();
    else fill();
  };
  const fill = () => {
    while (waiting.size < order.window && started < target) {
      started++;
      const { id, payload } = next();
      waiting.add(id);
      client.publish(upTopic(order.clientId, 'frame'), payload, { qos: 1 }, (error) => {
        if (error) throw error;
        if (!order.receipts) settle(id);
      });
    }
  };
  const publishUntil = (frames: number) =>
    new Promise<void>((resolve) => {
      finished = resolve;
      target = frames;
      fill();
    });
  if (order.receipts) {
    await client.subscribeAsync(downTopic(order.clientId, 'receipt'), { qos: 1 });
    client.on('message', (_topic, payload) => {
      for (const receipt of decodeMessage(ReceiptMessage, payload).receipts) {
        if (receipt.status === 'rejected') throw new Error(`rejected: ${receipt.code}`);
        settle(receipt.id);
      }
    });
  }
  await publishUntil(order.warmUpFrames);
  process.send?.({ type: 'warm' });
  await once(process, 'message');
  await publishUntil(order.warmUpFrames + order.frames);
  await client.endAsync();
  process.send?.({ type: 'done' });
}

process.once('disconnect', () => process.exit(1));
process.once('message', (order: PublishOrder) => {
  publish(order).then(
    () => process.disconnect(),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
