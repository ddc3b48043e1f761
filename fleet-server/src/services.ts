import type { Alarm, Command, DesiredState, ReportedState, ResultMessage } from '@lineside/shared';
import type { FastifyBaseLogger } from 'fastify';
import type { Database } from './db/database.js';
import type { LiveEvent } from './features/monitoring/schemas.js';
import type { Launcher } from './launchers/launcher.js';
import type { KeyStatus } from './trust/key-status.js';

/**
 * The ports between features. A feature asks for what it needs by these names; `server.ts` and the tests decide what
 * stands behind them.
 */
export interface Blobs {
  /** Durable when it resolves: temp, fsync, rename, fsync of the directory. Idempotent by content. */
  put(bytes: Uint8Array): Promise<{ sha256: string; length: number }>;
  /** Copies a local file in; same guarantees. */
  putFile(path: string): Promise<{ sha256: string; length: number }>;
  /** @throws LinesideError `blob_missing` */
  read(sha256: string): Promise<Buffer>;
  /** Local path of a blob that exists; for child processes. @throws LinesideError `blob_missing` */
  path(sha256: string): Promise<string>;
}

/** In-process announcement of what changed; the SSE stream and other features listen. */
export interface LiveBus {
  publish(event: LiveEvent): void;
  subscribe(listener: (event: LiveEvent) => void): () => void;
}

/** What features may ask of the devices' connection. */
export interface DeviceLink {
  isConnected(deviceId: string): boolean;
  /**
   * Merges the given parts into the desired state, raises its revision and sends it when the device is, or comes,
   * online. Parts that are not given stay. @throws LinesideError `device_unknown`
   */
  setDesired(
    deviceId: string,
    change: Pick<DesiredState, 'model' | 'rolloutId' | 'policy' | 'shadow'>,
  ): Promise<DesiredState>;
  /** The same for many devices at once, each named once at most; those that are not known are left out. */
  setDesiredOfMany(
    changes: readonly {
      deviceId: string;
      change: Pick<DesiredState, 'model' | 'rolloutId' | 'policy' | 'shadow'>;
    }[],
  ): Promise<void>;
  /** Sends the desired state that is stored, when the device is online. */
  sendDesired(deviceId: string): Promise<void>;
  /** What the server itself finds wrong with connected devices, by device id. */
  raisedAlarms(): ReadonlyMap<string, readonly Alarm[]>;
  /** @throws LinesideError `device_offline`, `device_timeout` */
  command(deviceId: string, command: Command, timeoutMs?: number): Promise<ResultMessage>;
  disconnect(deviceId: string): Promise<void>;
  /** Lets a device that was in quarantine connect again. @returns whether it was */
  release(deviceId: string): Promise<boolean>;
  /** Called after a reported state is stored. */
  onReported(listener: (deviceId: string, reported: ReportedState) => void): () => void;
  /** Called after frames are committed. */
  onFrames(listener: (deviceId: string, frameIds: string[]) => void): () => void;
}

export interface Audit {
  record(entry: {
    actor: string;
    action: string;
    subject: string;
    detail?: Record<string, unknown>;
  }): Promise<void>;
}

/** Signs and publishes targets; devices trust nothing else. */
export interface Artifacts {
  /** Root metadata that a device pins at enrolment, JSON text. */
  trustedRoot(): Promise<string>;
  /** Adds one signed target with its content; resolves when the new snapshot and timestamp are durable. */
  publishTarget(target: {
    path: string;
    content: Uint8Array;
    custom: Record<string, unknown>;
  }): Promise<void>;
  /** Paths of all signed targets. */
  targets(): Promise<string[]>;
  /** Takes out targets for which `keep` says no. @returns how many */
  prune(keep: (path: string) => boolean): Promise<number>;
  /** Which keys sign, which of them are here, and when what they signed runs out. */
  keys(): Promise<KeyStatus>;
  /** Bytes of a metadata or target file by the name a TUF client asks for, or null. */
  readTuf(name: string): Promise<Buffer | null>;
}

/** Signs model packages that leave this fleet. */
export interface PackageKey {
  /** Raw ed25519, hex. */
  readonly publicKey: string;
  /** SHA-256 of it, hex: what people compare. */
  readonly fingerprint: string;
  /** @returns hex */
  sign(bytes: Uint8Array): string;
}

/** Encrypts what must be read again but never by who has only the database. */
export interface Sealer {
  /** @param owner whose secret it is: what is sealed opens for nobody else */
  seal(text: string, owner: string): string;
  /** @throws LinesideError `secret_unreadable` */
  open(sealed: string, owner: string): string;
}

export interface Services {
  readonly dataDir: string;
  readonly database: Database;
  readonly blobs: Blobs;
  readonly live: LiveBus;
  readonly devices: DeviceLink;
  readonly audit: Audit;
  readonly artifacts: Artifacts;
  readonly packageKey: PackageKey;
  readonly sealer: Sealer;
  /** E-mails of those who may use a password where all others come by single sign-on; empty: everyone may. */
  readonly passwordOnlyFor: readonly string[];
  /** Starts the PyTorch trainer; absent: none is configured. */
  readonly launcher?: Launcher | null;
  readonly log: FastifyBaseLogger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
