import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  type AgentConfig,
  checkAgentConfig,
  type InferenceConfig,
  LinesideError,
  type OutputConfig,
  type RemoteSettings,
} from '@lineside/shared';

export type { AgentConfig, CameraConfig, PolicyConfig } from '@lineside/shared';

type Tree = { [key: string]: unknown };

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const numeric = (text: string): unknown =>
  text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
const asIs = (text: string): unknown => text;

/** Environment variable → field. Cameras and outputs come from the file only. */
const environment: Record<string, { path: readonly string[]; read: (text: string) => unknown }> = {
  LINESIDE_STATE_DIR: { path: ['stateDir'], read: asIs },
  LINESIDE_DEVICE_NAME: { path: ['deviceName'], read: asIs },
  LINESIDE_ENROL_URL: { path: ['server', 'enrolUrl'], read: asIs },
  LINESIDE_CLAIM_TOKEN: { path: ['server', 'claimToken'], read: asIs },
  LINESIDE_CLAIM_TOKEN_FILE: { path: ['server', 'claimTokenFile'], read: asIs },
  LINESIDE_AUDIT_SHARE: { path: ['policy', 'auditShare'], read: numeric },
  LINESIDE_SPOOL_MAX_BYTES: { path: ['spool', 'maxBytes'], read: numeric },
  LINESIDE_INFERENCE_THREADS: { path: ['inference', 'threads'], read: numeric },
  LINESIDE_EXECUTION_PROVIDER: { path: ['inference', 'executionProvider'], read: asIs },
  LINESIDE_HTTP_HOST: { path: ['http', 'host'], read: asIs },
  LINESIDE_HTTP_PORT: { path: ['http', 'port'], read: numeric },
  LINESIDE_TELEMETRY_INTERVAL_MS: { path: ['telemetryIntervalMs'], read: numeric },
  LINESIDE_LOG_LEVEL: { path: ['logLevel'], read: asIs },
};

function merge(under: Tree, over: Tree): Tree {
  const merged: Tree = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isTree(below) && isTree(value) ? merge(below, value) : value;
  }
  return merged;
}

function fromEnvironment(env: NodeJS.ProcessEnv): Tree {
  let tree: Tree = {};
  for (const [name, { path, read }] of Object.entries(environment)) {
    const text = env[name];
    if (text === undefined) continue;
    tree = merge(tree, path.reduceRight<unknown>((value, key) => ({ [key]: value }), read(text)) as Tree);
  }
  return tree;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

/** Paths in a file are meant relative to that file. */
function resolvePaths(config: AgentConfig, folder: string): AgentConfig {
  const at = (path: string): string => resolve(folder, path);
  return {
    ...config,
    stateDir: at(config.stateDir),
    server:
      config.server.claimTokenFile === undefined
        ? config.server
        : { ...config.server, claimTokenFile: at(config.server.claimTokenFile) },
    cameras: config.cameras.map((camera) =>
      camera.source.kind === 'folder' || camera.source.kind === 'file'
        ? { ...camera, source: { ...camera.source, path: at(camera.source.path) } }
        : camera,
    ),
    inference: inferenceAt(config.inference, at),
    outputs: config.outputs.map((output) => resolveOutput(output, at)),
  };
}

function resolveOutput(output: OutputConfig, at: (path: string) => string): OutputConfig {
  switch (output.kind) {
    case 'jsonl':
      return { ...output, path: at(output.path) };
    case 'mqtt':
      return {
        ...output,
        ...(output.passwordFile === undefined ? {} : { passwordFile: at(output.passwordFile) }),
        ...(output.caFile === undefined ? {} : { caFile: at(output.caFile) }),
      };
    case 'webhook':
      return output.headersFile === undefined ? output : { ...output, headersFile: at(output.headersFile) };
    default:
      return output;
  }
}

function inferenceAt(inference: InferenceConfig, at: (path: string) => string): InferenceConfig {
  const { oip } = inference;
  if (oip?.modelRepository === undefined) return inference;
  return { ...inference, oip: { ...oip, modelRepository: at(oip.modelRepository) } };
}

/**
 * Defaults < `tree` (a parsed file) < environment, validated and frozen.
 * @param folder what relative paths are relative to
 * @throws LinesideError `config_invalid`, naming the field
 */
export function parseConfig(tree: unknown, env: NodeJS.ProcessEnv = {}, folder = process.cwd()): AgentConfig {
  if (!isTree(tree)) throw new LinesideError('config_invalid', 'the configuration must be a JSON object');
  return deepFreeze(resolvePaths(checkAgentConfig(merge(tree, fromEnvironment(env))), folder));
}

/**
 * The device's own configuration with sections from afar in the place of its own, checked as a whole.
 * @param folder what relative paths are relative to: as in the device's own file
 * @throws LinesideError `config_invalid`, naming the field
 */
export const withSettings = (
  own: AgentConfig,
  settings: RemoteSettings,
  folder = process.cwd(),
): AgentConfig => deepFreeze(resolvePaths(checkAgentConfig({ ...own, ...settings }), folder));

/** Reads and validates a JSON file. @throws LinesideError `config_invalid` */
export function loadConfig(path: string, env: NodeJS.ProcessEnv = process.env): AgentConfig {
  let tree: unknown;
  try {
    tree = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new LinesideError('config_invalid', `${path}: ${(error as Error).message}`, { cause: error });
  }
  return parseConfig(tree, env, dirname(resolve(path)));
}
