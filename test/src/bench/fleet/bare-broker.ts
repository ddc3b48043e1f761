import { createServer } from 'node:tls';
import {
  DesiredState as Desired,
  type DesiredState,
  downTopic,
  encodeMessage,
  parseTopic,
} from '@lineside/shared';
import { Aedes } from 'aedes';

/** What the parent process sends. */
export type BareOrder =
  | { type: 'listen'; port: number; key: string; certificate: string; ca: string }
  /** Every connected device is told. */
  | { type: 'tell'; desired: DesiredState }
  /** Asks for the number of reported states so far. */
  | { type: 'count' };

/** The broker alone, with TLS and client certificates: no gate, no database, no word about who may do what. */
const broker = await Aedes.createBroker({ connectTimeout: 10_000, drainTimeout: 10_000, concurrency: 0 });
let reports = 0;
broker.authorizePublish = (_client, packet, done) => {
  if (parseTopic(packet.topic).channel === 'reported') reports++;
  packet.retain = false;
  done(null);
};

function listen({ port, key, certificate: cert, ca }: Extract<BareOrder, { type: 'listen' }>): void {
  const server = createServer(
    { key, cert, ca, requestCert: true, rejectUnauthorized: true, noDelay: true },
    (socket) => broker.handle(socket),
  );
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.listen(port, '127.0.0.1', () => process.send?.({ type: 'listening' }));
}

process.once('disconnect', () => process.exit(1));
process.on('message', (order: BareOrder) => {
  if (order.type === 'listen') listen(order);
  else if (order.type === 'count') process.send?.({ type: 'count', reports });
  else {
    const payload = Buffer.from(encodeMessage(Desired, order.desired));
    for (const id of Object.keys((broker as unknown as { clients: object }).clients)) {
      const packet = { cmd: 'publish', topic: downTopic(id, 'desired'), payload } as const;
      broker.publish({ ...packet, qos: 1, dup: false, retain: false }, () => {});
    }
  }
});
