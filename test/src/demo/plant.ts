import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { partClasses } from '@lineside/agent/capture/synthetic/line';
import { type RunningAgent, startAgent } from '../system/agent.js';
import { ApiClient } from '../system/api-client.js';
import { freePort } from '../system/free-port.js';
import { type RunningServer, startServer } from '../system/server.js';

/** What the demo remembers of itself between two starts. */
interface PlantFile {
  ports: { api: number; device: number; mqtt: number };
  cameras: { name: string; claimToken: string; enrolUrl: string }[];
  /** Path of the link for the person at the console, until the server makes one itself. */
  signInPath: string | null;
}

export interface Plant {
  server: RunningServer;
  agents: RunningAgent[];
  /** Null when an admin has a password and signs in with it. */
  signInUrl: string | null;
  /** Signed in; on the first start of a folder only. */
  api: ApiClient | null;
  stop(): Promise<void>;
}

/**
 * What the generated line shows: one kind of part at every camera, and more defects than a good plant has, so that a
 * person meets all of them and a hundred labels teach something.
 */
export const line = { variant: 0, defectShare: 0.4, difficulty: 0.1 };

const preferredPorts = { api: 7400, device: 7443, mqtt: 7883 };

const portIsFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });

/** Devices remember where the fleet is, so the ports of the first start are kept. */
async function choosePorts(fixed: boolean): Promise<PlantFile['ports']> {
  const free = await Promise.all(Object.values(preferredPorts).map(portIsFree));
  if (fixed && free.every(Boolean)) return preferredPorts;
  return { api: await freePort(), device: await freePort(), mqtt: await freePort() };
}

async function readPlantFile(file: string): Promise<PlantFile | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as PlantFile;
  } catch {
    return null;
  }
}

/**
 * A small plant: one fleet server and some cameras over a generated line of parts, each its own process.
 * Starting again in the same folder goes on from where it was.
 */
export async function startPlant(options: {
  dir: string;
  cameras: number;
  framesPerSecond: number;
  /** Takes the well-known ports when they are free. */
  wellKnownPorts: boolean;
  onServer?: (server: RunningServer) => void;
}): Promise<Plant> {
  const file = join(options.dir, 'plant.json');
  const known = await readPlantFile(file);
  const ports = known?.ports ?? (await choosePorts(options.wellKnownPorts));
  const server = await startServer({ dataDir: join(options.dir, 'server'), ports });
  options.onServer?.(server);
  const agents: RunningAgent[] = [];
  const stop = async () => {
    await Promise.all(agents.map((agent) => agent.stop()));
    await server.stop();
  };
  try {
    let api: ApiClient | null = null;
    let plant = known;
    if (!plant) {
      api = new ApiClient(server.ready.apiUrl);
      if (!server.ready.signInUrl)
        throw new Error(`${options.dir} belongs to another server; remove it to start anew`);
      await api.signInByLink(server.ready.signInUrl);
      plant = await furnish(api, ports, options.cameras);
      await writeFile(file, JSON.stringify(plant, null, 2), { mode: 0o600 });
    }
    for (const [index, camera] of plant.cameras.entries()) {
      agents.push(
        await startAgent({
          ...camera,
          dir: join(options.dir, camera.name),
          settings: {
            cameras: [
              {
                id: 'line',
                source: {
                  kind: 'synthetic',
                  seed: index + 1,
                  ...line,
                  framesPerSecond: options.framesPerSecond,
                  revealTruth: true,
                },
              },
            ],
            telemetryIntervalMs: 1000,
          },
        }),
      );
    }
    const path = known ? null : plant.signInPath;
    const signInUrl = path ? new URL(path, server.ready.apiUrl).href : server.ready.signInUrl;
    return { server, agents, signInUrl, api, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** First start: the classes, an admin for the person at the console, and a claim token for each camera. */
async function furnish(api: ApiClient, ports: PlantFile['ports'], cameras: number): Promise<PlantFile> {
  for (const name of partClasses) await api.createClass(name.replaceAll('_', ' '));
  const { signInPath } = await api.request<{ signInPath: string }>('POST', '/users', {
    email: 'you@localhost',
    name: 'Plant admin',
    role: 'admin',
  });
  const tokens = [];
  for (let index = 0; index < cameras; index++) {
    const name = `line-${index + 1}`;
    const { token, enrolUrl } = await api.createClaimToken(name);
    tokens.push({ name, claimToken: token, enrolUrl });
  }
  return { ports, cameras: tokens, signInPath };
}
