import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { copyPgliteTemplate, pgliteTemplateVariable } from '@lineside/fleet-server/testing/pglite-template';
import { type Child, messageFrom, startChild } from './child.js';

export interface ServerReady {
  type: 'ready';
  /** Console and API, such as http://127.0.0.1:7400 */
  apiUrl: string;
  devicePortUrl: string;
  mqttUrl: string;
  /** One-time link, while no admin has a password. */
  signInUrl: string | null;
}

export interface RunningServer extends Child {
  readonly ready: ServerReady;
}

const entry = new URL('../../../../fleet-server/bin/lineside-server.js', import.meta.url);

/**
 * Starts a fleet server as its own process on loopback. Port 0 takes a free one. In a run of all tests a new folder gets
 * the tables as a copy.
 */
export async function startServer(options: {
  dataDir: string;
  databaseUrl?: string;
  ports?: { api: number; device: number; mqtt: number };
  env?: NodeJS.ProcessEnv;
}): Promise<RunningServer> {
  await mkdir(options.dataDir, { recursive: true });
  const template = process.env[pgliteTemplateVariable];
  if (template && !options.databaseUrl && !existsSync(join(options.dataDir, 'pglite')))
    await copyPgliteTemplate(template, options.dataDir);
  const ports = options.ports ?? { api: 0, device: 0, mqtt: 0 };
  const child = startChild(entry, ['--data', options.dataDir], {
    logFile: join(options.dataDir, 'server.log'),
    env: {
      ...options.env,
      LINESIDE_PORT: String(ports.api),
      LINESIDE_DEVICE_PORT: String(ports.device),
      LINESIDE_MQTT_PORT: String(ports.mqtt),
      DATABASE_URL: options.databaseUrl ?? '',
    },
  });
  try {
    return Object.assign(child, { ready: await messageFrom<ServerReady>(child, 'ready', 180_000) });
  } catch (error) {
    await child.kill();
    throw new Error(`the fleet server did not start; see ${join(options.dataDir, 'server.log')}`, {
      cause: error,
    });
  }
}
