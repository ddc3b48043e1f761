import { mkdir, readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { buildApp } from './app.js';
import { LocalBlobs } from './blobs/local-blobs.js';
import type { ServerConfig } from './config.js';
import { openDatabase } from './db/open.js';
import { buildDevicePort } from './device-port/device-port.js';
import { createAudit } from './features/audit/audit-log.js';
import { bootstrapAdmin } from './features/auth/service.js';
import { Admission } from './features/devices/admission.js';
import { DeviceHub } from './features/devices/device-hub.js';
import { Enrolment } from './features/devices/enrolment.js';
import { registerAlarmMetrics } from './features/monitoring/alarm-metrics.js';
import { createLiveBus } from './features/monitoring/live-bus.js';
import { createProductBackground } from './features/product.js';
import { ssoSettings } from './features/sso/settings.js';
import { lockFolder } from './files/folder-lock.js';
import { makeLauncher } from './launchers/make-launcher.js';
import { builtConsole } from './plugins/console.js';
import type { Services } from './services.js';
import { FleetCa } from './trust/fleet-ca.js';
import { openPackageKey } from './trust/package-key.js';
import { openSealer } from './trust/sealer.js';
import { TufRepository } from './trust/tuf-repository.js';

const signAgainMs = 3_600_000;
/** Room for a CONNECT with a will, and no more, before we know who is there. */
const beforeConnectBytes = 8192;

export interface RunningServer {
  readonly apiUrl: string;
  readonly devicePortUrl: string;
  readonly mqttUrl: string;
  /** One-time link of the first admin; null once an admin has a password. */
  readonly signInUrl: string | null;
  readonly services: Services;
  close(): Promise<void>;
}

export interface ServerOptions {
  log: FastifyBaseLogger;
  now?: () => number;
  /** Folder of the built console. */
  consoleRoot?: string;
  /** Checks answers against their schemas too; for tests. */
  checkResponses?: boolean;
  /** False: training, rollouts and the like stay still; for tests. */
  background?: boolean;
}

const bracketed = (host: string) => (host.includes(':') ? `[${host}]` : host);
const anywhere = new Set(['0.0.0.0', '::']);
const reachable = (host: string) => (anywhere.has(host) ? 'localhost' : host);

/**
 * Opens everything in the data folder and listens: console and API, device port, MQTT.
 * @throws LinesideError `storage_locked` when another server has the folder
 */
export async function startServer(config: ServerConfig, options: ServerOptions): Promise<RunningServer> {
  const { log, now = Date.now } = options;
  /** What was opened so far, to be closed in reverse. */
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const shut of opened.splice(0).reverse()) {
      await shut().catch((error: Error) => log.error({ err: error }, 'closing failed'));
    }
  };
  try {
    return { ...(await open(config, options, log, now, opened)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  config: ServerConfig,
  options: ServerOptions,
  log: FastifyBaseLogger,
  now: () => number,
  opened: (() => Promise<void>)[],
): Promise<Omit<RunningServer, 'close'>> {
  const { dataDir } = config;
  const sso = await ssoSettings(config);
  await mkdir(dataDir, { recursive: true, mode: 0o750 });
  const lock = await lockFolder(join(dataDir, 'server.lock'));
  opened.push(() => lock.release());
  const database = await openDatabase({
    dataDir,
    ...(config.databaseUrl ? { url: config.databaseUrl } : {}),
  });
  opened.push(() => database.close());
  const blobs = await LocalBlobs.open(join(dataDir, 'blobs'));
  const trustDir = join(dataDir, 'trust');
  const ca = await FleetCa.open(trustDir, now, config.deviceCertificateDays);
  const artifacts = await TufRepository.open(join(dataDir, 'tuf'), trustDir, now);
  const signing = setInterval(() => {
    artifacts.refresh().catch((error: Error) => log.error({ err: error }, 'signing again failed'));
  }, signAgainMs);
  opened.push(async () => clearInterval(signing));
  const deviceName = config.publicHosts[0] ?? reachable(config.deviceHost);
  const credentials = await ca.serverCredentials([
    ...config.publicHosts,
    ...(anywhere.has(config.deviceHost) ? [] : [config.deviceHost]),
  ]);

  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const live = createLiveBus(log);
  const audit = createAudit(database);
  const admission = new Admission(database.db);
  const hub = new DeviceHub({
    db: database.db,
    admission,
    audit,
    blobs,
    live,
    log,
    now,
    registry,
    caPem: ca.certificatePem,
    credentials,
    host: config.deviceHost,
    port: config.mqttPort,
    limits: {
      beforeConnect: beforeConnectBytes,
      afterConnect: config.maxPacketBytes,
      inFlight: config.inFlightBytes,
    },
    totalInFlight: config.totalInFlightBytes,
  });
  registerAlarmMetrics(registry, database.db, hub);
  const services: Services = {
    dataDir,
    database,
    blobs,
    live,
    devices: hub,
    audit,
    artifacts,
    launcher: makeLauncher(config),
    packageKey: await openPackageKey(trustDir),
    sealer: await openSealer(trustDir),
    passwordOnlyFor: config.passwordOnlyFor.map((email) => email.toLowerCase()),
    log,
    now,
  };

  const addresses = { mqttUrl: '', artifactsUrl: '' };
  let apiUrl = '';
  const enrolment = new Enrolment({
    db: database.db,
    ca,
    artifacts,
    audit,
    live,
    now,
    addresses: () => addresses,
  });
  const devicePort = await buildDevicePort({
    credentials,
    caPem: ca.certificatePem,
    enrolment,
    artifacts,
    blobs,
    log,
    admit: (deviceId, sha256) => admission.admits(deviceId, sha256),
    enrolmentsPerMinute: config.enrolmentsPerMinute,
  });
  opened.push(() => devicePort.close());
  const tls =
    config.tlsCertFile && config.tlsKeyFile
      ? { cert: await readFile(config.tlsCertFile, 'utf8'), key: await readFile(config.tlsKeyFile, 'utf8') }
      : null;
  const app = await buildApp(services, {
    registry,
    enrolment,
    enrolUrl: () => addresses.artifactsUrl,
    consoleRoot: options.consoleRoot ?? builtConsole,
    maxUploadBytes: config.maxUploadBytes,
    maxModelUploadBytes: config.maxModelUploadBytes,
    maxImportBytes: config.maxImportBytes,
    trainerWeightsDir: config.trainerWeightsDir,
    signInsPerMinute: config.signInsPerMinute,
    sso,
    consoleUrl: () => config.publicUrl ?? apiUrl,
    secure: tls !== null || (config.publicUrl?.startsWith('https:') ?? false),
    ...(tls ? { tls } : {}),
    ...(options.checkResponses === undefined ? {} : { checkResponses: options.checkResponses }),
  });
  opened.push(() => app.close());

  await hub.start();
  opened.push(() => hub.stop());
  if (options.background ?? true) {
    const background = createProductBackground(services);
    await background.start();
    opened.push(() => background.stop());
  }
  await devicePort.listen({ host: config.deviceHost, port: config.devicePort });
  const portOf = (listening: typeof app) => (listening.server.address() as AddressInfo).port;
  addresses.mqttUrl = `mqtts://${bracketed(deviceName)}:${hub.port}`;
  addresses.artifactsUrl = `https://${bracketed(deviceName)}:${portOf(devicePort)}`;
  const signInPath = await bootstrapAdmin(services);
  await app.listen({ host: config.host, port: config.port });
  apiUrl = `${tls ? 'https' : 'http'}://${bracketed(reachable(config.host))}:${portOf(app)}`;
  return {
    apiUrl,
    devicePortUrl: addresses.artifactsUrl,
    mqttUrl: addresses.mqttUrl,
    signInUrl: signInPath === null ? null : apiUrl + signInPath,
    services,
  };
}
