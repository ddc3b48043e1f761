import mqtt, { type IClientOptions } from 'mqtt';

/** Counts what arrives and says when it has seen all: a subscriber that keeps nothing. */
process.once('disconnect', () => process.exit(1));
process.once(
  'message',
  async (order: {
    url: string;
    tls: Pick<IClientOptions, 'ca' | 'cert' | 'key'>;
    clientId: string;
    frames: number;
  }) => {
    const client = await mqtt.connectAsync(order.url, {
      ...order.tls,
      clientId: order.clientId,
      protocolVersion: 4,
      reconnectPeriod: 0,
    });
    await client.subscribeAsync('lineside/v1/+/up/frame', { qos: 1 });
    let seen = 0;
    client.on('message', () => {
      if (++seen < order.frames) return;
      process.send?.({ type: 'done' });
      client.end(true, () => process.disconnect());
    });
    process.send?.({ type: 'connected' });
  },
);
