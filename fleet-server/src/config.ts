import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { LinesideError } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { Convert } from 'typebox/value';
import { roles } from './http/route.js';
import { launcherKinds } from './launchers/launcher.js';

const Port = Type.Integer({ minimum: 0, maximum: 65535 });
const Host = Type.String({ minLength: 1, maxLength: 253 });
const Bytes = (minimum: number) => Type.Integer({ minimum, description: 'bytes' });

/** What an operator may set: a JSON file with these keys, `LINESIDE_<KEY>` in the environment, or a flag. */
export const ServerConfig = Type.Object(
  {
    dataDir: Type.String({
      minLength: 1,
      description: 'Folder of blobs, keys and, without databaseUrl, PGlite',
    }),
    databaseUrl: Type.Optional(
      Type.String({ description: 'postgres://…; absent: PGlite in the data folder' }),
    ),
    host: Type.String({ minLength: 1, description: 'Address the console and API listen on' }),
    port: Port,
    deviceHost: Type.String({ minLength: 1, description: 'Address the device port and MQTT listen on' }),
    devicePort: Port,
    mqttPort: Port,
    publicHosts: Type.Array(Host, {
      description: 'Names in the server certificate; devices are told to connect to the first',
    }),
    tlsCertFile: Type.Optional(
      Type.String({ description: 'PEM; with tlsKeyFile the console is served by HTTPS' }),
    ),
    tlsKeyFile: Type.Optional(Type.String()),
    publicUrl: Type.Optional(
      Type.String({ description: 'https://… at which browsers reach the console; absent: where it listens' }),
    ),
    oidcIssuer: Type.Optional(Type.String({ description: 'https://… of the identity provider' })),
    oidcClientId: Type.Optional(Type.String({ minLength: 1 })),
    oidcClientSecretFile: Type.Optional(Type.String({ description: 'File of the client secret' })),
    oidcClientSecret: Type.Optional(
      Type.String({ minLength: 1, description: 'In the environment; others may read a command line' }),
    ),
    oidcScopes: Type.String({ pattern: '(^| )openid( |$)' }),
    oidcLabel: Type.String({ minLength: 1, maxLength: 60, description: 'On the button' }),
    oidcRoleClaim: Type.String({ minLength: 1, description: 'Claim of the groups; a dot leads into it' }),
    oidcRoles: Type.Array(Type.String(), { description: 'role=group; absent: admins give roles' }),
    oidcDefaultRole: Type.Optional(
      Type.Enum(roles, { description: 'For who is in none of the groups; absent: refused' }),
    ),
    oidcPeople: Type.Enum(['invited', 'anyone'], { description: 'Who may come for the first time' }),
    passwordOnlyFor: Type.Array(Type.String(), {
      description: 'E-mails that may use a password while all others come by single sign-on',
    }),
    maxPacketBytes: Bytes(65_536),
    maxUploadBytes: Bytes(65_536),
    maxModelUploadBytes: Bytes(65_536),
    maxImportBytes: Bytes(65_536),
    inFlightBytes: Bytes(65_536),
    totalInFlightBytes: Bytes(65_536),
    enrolmentsPerMinute: Type.Integer({ minimum: 1 }),
    deviceCertificateDays: Type.Integer({
      minimum: 1,
      maximum: 3650,
      description: 'Devices renew theirs when a third of its life is left',
    }),
    signInsPerMinute: Type.Integer({ minimum: 1 }),
    trainerWeightsDir: Type.Optional(
      Type.String({
        description:
          'Folder of weights for architectures by name: `torchvision/resnet18.pth`, or `.safetensors`',
      }),
    ),
    trainerLauncher: Type.Enum(launcherKinds, {
      description: 'How the PyTorch trainer is started; off: not',
    }),
    trainerPython: Type.String({ minLength: 1, description: 'Python with PyTorch, for local and torchrun' }),
    trainerProcesses: Type.String({
      pattern: '^([1-9][0-9]{0,2}|gpu|cpu|auto)$',
      description: 'Processes that torchrun starts: a number, or one for each gpu',
    }),
    trainerSharedDir: Type.Optional(
      Type.String({ description: 'Folder that the server shares with a Ray or Kubernetes cluster' }),
    ),
    trainerSharedPath: Type.Optional(
      Type.String({ description: 'Where the Ray cluster sees it; absent: at the same path' }),
    ),
    trainerCommand: Type.String({ minLength: 1, description: 'The trainer on a cluster, without its job' }),
    trainerGpus: Type.Integer({ minimum: 0, description: 'That a job on a cluster asks for' }),
    trainerRayUrl: Type.Optional(Type.String({ pattern: '^https?://', description: 'Of the Ray dashboard' })),
    trainerRayTokenFile: Type.Optional(Type.String({ description: 'File of a bearer token for it' })),
    trainerKubectl: Type.String({ minLength: 1 }),
    trainerNamespace: Type.String({ minLength: 1 }),
    trainerImage: Type.Optional(Type.String({ description: 'Container image of the trainer' })),
    trainerVolumeClaim: Type.Optional(
      Type.String({ description: 'Claim of the volume at trainerSharedDir' }),
    ),
    logLevel: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
  },
  { additionalProperties: false },
);
export type ServerConfig = Readonly<Static<typeof ServerConfig>>;

export const defaultConfig: ServerConfig = Object.freeze({
  dataDir: 'lineside-data',
  host: '127.0.0.1',
  port: 7400,
  deviceHost: '127.0.0.1',
  devicePort: 7443,
  mqttPort: 7883,
  publicHosts: [],
  oidcScopes: 'openid profile email',
  oidcLabel: 'Single sign-on',
  oidcRoleClaim: 'groups',
  oidcRoles: [],
  oidcPeople: 'invited',
  passwordOnlyFor: [],
  maxPacketBytes: 8 << 20,
  maxUploadBytes: 32 << 20,
  /** A VGG-16 with its dense layers has 528 MiB. */
  maxModelUploadBytes: 640 << 20,
  maxImportBytes: 64 * 2 ** 30,
  inFlightBytes: 32 << 20,
  totalInFlightBytes: 256 << 20,
  enrolmentsPerMinute: 60,
  deviceCertificateDays: 365,
  signInsPerMinute: 20,
  trainerLauncher: 'off',
  trainerPython: 'python3',
  trainerProcesses: 'gpu',
  trainerCommand: 'torchrun --standalone --nproc_per_node=gpu -m lineside_trainer',
  trainerGpus: 1,
  trainerKubectl: 'kubectl',
  trainerNamespace: 'default',
  logLevel: 'info',
});

const keys = Object.keys(ServerConfig.properties) as (keyof ServerConfig)[];
const validator = Compile(ServerConfig);
const kebab = (key: string) => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const upper = (key: string) => kebab(key).replaceAll('-', '_').toUpperCase();
const flagOf = (key: keyof ServerConfig) => (key === 'dataDir' ? 'data' : kebab(key));
const envOf = (key: keyof ServerConfig) => (key === 'dataDir' ? 'LINESIDE_DATA' : `LINESIDE_${upper(key)}`);
const lists = new Set<keyof ServerConfig>(['publicHosts', 'oidcRoles', 'passwordOnlyFor']);
const fromText = (key: keyof ServerConfig, text: string): unknown =>
  lists.has(key) ? text.split(',').map((part) => part.trim()) : text;

export const usage = `lineside-server [--config FILE] ${keys.map((key) => `[--${flagOf(key)} …]`).join(' ')}`;

/** Fills in the defaults. @throws LinesideError `config_invalid`, naming the key */
export function makeConfig(settings: Record<string, unknown>): ServerConfig {
  const merged = Convert(ServerConfig, { ...defaultConfig, ...settings });
  if (!validator.Check(merged)) {
    const first = validator.Errors(merged)[0];
    throw new LinesideError('config_invalid', `${first?.instancePath || '/'} ${first?.message ?? ''}`);
  }
  if ((merged.tlsCertFile === undefined) !== (merged.tlsKeyFile === undefined)) {
    throw new LinesideError('config_invalid', 'tlsCertFile and tlsKeyFile go together');
  }
  return Object.freeze({ ...merged, dataDir: resolve(merged.dataDir) });
}

/** Defaults < file < environment < command line. @throws LinesideError `config_invalid` */
export function loadConfig(args: readonly string[], env: NodeJS.ProcessEnv): ServerConfig {
  const flags = readFlags(args);
  const file = flags.config ?? env.LINESIDE_CONFIG;
  const settings: Record<string, unknown> = file ? readFile(file) : {};
  if (env.DATABASE_URL) settings.databaseUrl = env.DATABASE_URL;
  for (const key of keys) {
    const text = flags[flagOf(key)] ?? env[envOf(key)];
    if (text !== undefined) settings[key] = fromText(key, text);
  }
  return makeConfig(settings);
}

function readFlags(args: readonly string[]): Record<string, string | undefined> {
  const options = Object.fromEntries(
    ['config', ...keys.map(flagOf)].map((name) => [name, { type: 'string' as const }]),
  );
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    throw new LinesideError('config_invalid', `${(error as Error).message}\n${usage}`);
  }
}

function readFile(path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
    throw new Error('not a JSON object');
  } catch (error) {
    throw new LinesideError('config_invalid', `${path}: ${(error as Error).message}`, { cause: error });
  }
}
