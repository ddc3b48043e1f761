import { randomUUID } from 'node:crypto';
import type { Alarm, EventMessage, LinesideError } from '@lineside/shared';
import type { Log } from '../log.js';

export interface EventReporterOptions {
  readonly log: Log;
  readonly publish: (event: EventMessage) => void;
  /** The same code of the same camera is told at most once in this time. */
  readonly quietMs?: number;
  readonly wallMs?: () => number;
  readonly monotonicMs?: () => number;
}

type Severity = EventMessage['severity'];

const keyOf = (code: string, cameraId?: string): string => `${cameraId ?? ''} ${code}`;

/** Tells of what happened: always to the log, and to the fleet server without repeating itself all the time. */
export class EventReporter {
  readonly #options: EventReporterOptions;
  readonly #lastTold = new Map<string, number>();
  readonly #lastFault = new Map<string, number>();

  constructor(options: EventReporterOptions) {
    this.#options = options;
  }

  error(error: LinesideError, cameraId?: string): void {
    this.tell('error', error.code, error.message, cameraId);
  }

  tell(severity: Severity, code: string, message: string, cameraId?: string): void {
    if (severity !== 'info') this.#lastFault.set(code, this.#now());
    this.#tell(severity, code, message, cameraId);
  }

  alarmStarted({ severity, code, message, cameraId }: Alarm): void {
    this.#tell(severity, code, message, cameraId);
  }

  /** What comes after the end of an alarm is news again. */
  alarmEnded({ code, message, cameraId, since }: Alarm): void {
    const seconds = Math.max(0, Math.round((this.#wall() - since) / 1000));
    this.#lastTold.delete(keyOf(code, cameraId));
    this.#tell('info', code, `over after ${seconds} s: ${message}`, cameraId);
  }

  /** How long ago a code was last told as a warning or an error; null: never. */
  faultAgoMs(code: string): number | null {
    const at = this.#lastFault.get(code);
    return at === undefined ? null : this.#now() - at;
  }

  #tell(severity: Severity, code: string, message: string, cameraId?: string): void {
    const { log, publish, quietMs = 60_000 } = this.#options;
    const camera = cameraId === undefined ? {} : { cameraId };
    log[severity === 'warning' ? 'warn' : severity]({ code, ...camera }, message);
    const now = this.#now();
    if (severity !== 'info') {
      const key = keyOf(code, cameraId);
      const last = this.#lastTold.get(key);
      if (last !== undefined && now - last < quietMs) return;
      this.#lastTold.set(key, now);
    }
    publish({
      v: 1,
      id: randomUUID(),
      at: this.#wall(),
      severity,
      code,
      message: message.slice(0, 1000),
      ...camera,
    });
  }

  #wall(): number {
    return (this.#options.wallMs ?? Date.now)();
  }

  #now(): number {
    return (this.#options.monotonicMs ?? (() => performance.now()))();
  }
}
