import { once } from 'node:events';
import { Socket } from 'node:net';
import type { OutputOf } from '@lineside/shared';
import type modbus from 'modbus-serial';
import { abortable } from './abortable.js';
import { Link } from './link.js';
import { Reconnecting } from './reconnecting.js';
import type { Target, TargetEvents } from './target.js';

type ModbusConfig = OutputOf<'modbus'>;
type Client = modbus.default;

/** One coil or holding register of a controller, written over Modbus TCP. */
export class ModbusTarget implements Target<number> {
  readonly #config: ModbusConfig;
  #connections: Reconnecting<Client> | null = null;

  constructor(config: ModbusConfig) {
    this.#config = config;
  }

  get ready(): boolean {
    return this.#connections?.current?.client.isOpen ?? false;
  }

  start({ onReady, onTrouble }: TargetEvents): void {
    this.#connections = new Reconnecting({
      open: (signal) => openController(this.#config, signal),
      onOpen: onReady,
      onTrouble,
    });
    this.#connections.start();
  }

  async send(value: number, signal: AbortSignal): Promise<void> {
    const link = this.#connections?.current;
    if (!link) throw new Error('the controller is not connected');
    const { address, table } = this.#config;
    const { client } = link;
    const written =
      table === 'coil' ? client.writeCoil(address, value !== 0) : client.writeRegister(address, value);
    await link.run(written, signal);
  }

  async close(): Promise<void> {
    await this.#connections?.stop();
  }
}

async function openController(config: ModbusConfig, signal: AbortSignal): Promise<Link<Client>> {
  const { host, port, unitId } = config;
  // Loaded when it is needed: the module brings a serial port library along.
  const { default: Modbus } = (await import('modbus-serial')).default;
  const socket = new Socket();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  // A reset, so that a request the controller has not read yet is not read late.
  const cut = (): void => void socket.resetAndDestroy();
  const connected = once(socket, 'connect');
  socket.on('error', () => {});
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 10_000);
  socket.connect({ host, port });
  await abortable(connected, signal, cut);
  const client = new Modbus();
  client.on('error', cut);
  await client.linkTCP(socket, { port });
  client.setID(unitId);
  return new Link(client, closed, cut);
}
