import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

/** Why a connection was cut before the broker saw the packet. */
export type GateRefusal = 'length_malformed' | 'packet_too_large';

export class GateError extends Error {
  constructor(
    readonly refusal: GateRefusal,
    readonly length: number,
  ) {
    super(`${refusal}: ${length} bytes`);
  }
}

/** Follows the framing of an MQTT byte stream, packet by packet, without keeping any of it. */
export class PacketMeter {
  private state: 'type' | 'length' | 'body' = 'type';
  private length = 0;
  private scale = 1;
  private missing = 0;

  constructor(public limit: number) {}

  /** @throws GateError as soon as a packet announces more than `limit` bytes, or a length that is none. */
  scan(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.state === 'body') {
        const taken = Math.min(this.missing, bytes.length - at);
        this.missing -= taken;
        at += taken;
        if (this.missing === 0) this.state = 'type';
        continue;
      }
      const byte = bytes[at++] ?? 0;
      if (this.state === 'type') {
        this.state = 'length';
        this.length = 0;
        this.scale = 1;
        continue;
      }
      // MQTT 3.1.1, 2.2.3: seven bits a byte, least first, four bytes at most.
      if (this.scale > 128 ** 3) throw new GateError('length_malformed', this.length);
      this.length += (byte & 127) * this.scale;
      this.scale *= 128;
      if (byte & 128) continue;
      if (this.length > this.limit) throw new GateError('packet_too_large', this.length);
      this.missing = this.length;
      this.state = this.missing === 0 ? 'type' : 'body';
    }
  }
}

/** Bytes of frames that were read and are not yet durable, over all connections. */
export class InFlightBudget {
  private used = 0;
  private readonly paused = new Set<() => void>();

  constructor(readonly limitBytes: number) {}

  get usedBytes(): number {
    return this.used;
  }

  get exhausted(): boolean {
    return this.used >= this.limitBytes;
  }

  take(bytes: number): void {
    this.used += bytes;
  }

  release(bytes: number): void {
    this.used -= bytes;
    if (this.exhausted) return;
    const waiting = [...this.paused];
    this.paused.clear();
    for (const wake of waiting) wake();
  }

  /** Calls back once, when there is room again. */
  whenRoom(wake: () => void): void {
    this.paused.add(wake);
  }
}

export interface GateLimits {
  /** Largest packet before CONNECT is accepted, bytes. */
  beforeConnect: number;
  /** Largest packet after it, bytes. */
  afterConnect: number;
  /** Frames of one connection that may be read and not yet durable, bytes. */
  inFlight: number;
}

/**
 * Stands between the socket and the broker, which knows neither a largest packet nor back-pressure on QoS 1: cuts the
 * connection at the header of a packet that is too large, and stops reading while too much is in flight.
 */
export class PacketGate extends Duplex {
  private readonly meter: PacketMeter;
  private inFlight = 0;
  private wanted = true;

  constructor(
    readonly socket: TLSSocket,
    private readonly limits: GateLimits,
    private readonly total: InFlightBudget,
  ) {
    super({ allowHalfOpen: false });
    this.meter = new PacketMeter(limits.beforeConnect);
    socket.on('data', (chunk: Buffer) => {
      try {
        this.meter.scan(chunk);
      } catch (error) {
        this.destroy(error as Error);
        return;
      }
      if (!this.push(chunk)) this.wanted = false;
      if (!this.mayRead()) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  get remoteAddress(): string | undefined {
    return this.socket.remoteAddress;
  }

  /** CONNECT is accepted: from now on the larger limit holds. */
  accept(): void {
    this.meter.limit = this.limits.afterConnect;
  }

  /** Counts a packet in flight; the answer gives it back, once. */
  hold(bytes: number): () => void {
    this.inFlight += bytes;
    this.total.take(bytes);
    if (!this.mayRead()) this.socket.pause();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.inFlight -= bytes;
      this.total.release(bytes);
      this.resumeReading();
    };
  }

  override _read(): void {
    this.wanted = true;
    this.resumeReading();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.socket.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.socket.destroy();
    done(error);
  }

  private mayRead(): boolean {
    return this.wanted && this.inFlight < this.limits.inFlight && !this.total.exhausted;
  }

  private readonly resumeReading = (): void => {
    if (this.destroyed) return;
    if (this.mayRead()) this.socket.resume();
    else if (this.wanted && this.total.exhausted) this.total.whenRoom(this.resumeReading);
  };
}
