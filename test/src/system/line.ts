import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Device } from '@lineside/fleet-server/features/devices/schemas';
import { seededRandom } from '@lineside/fleet-server/learning/random';
import { type AgentSettings, type RunningAgent, startAgent } from './agent.js';
import { ApiClient } from './api-client.js';
import { freePort } from './free-port.js';
import { dropFile, noisyPicture, watchedFolder } from './pictures.js';
import { type RunningServer, startServer } from './server.js';
import { until } from './until.js';

/** One decided frame as the `jsonl` output writes it. */
export interface DecisionLine {
  cameraId: string;
  sequence: number;
  source?: string;
  capturedAt: number;
  decision: { modelVersion: string; classId: string; latencyMs: number } | null;
}

/** One camera box of a line, started and ended as often as a test likes. */
export interface Box {
  readonly dir: string;
  readonly stateDir: string;
  start(settings: AgentSettings, env?: NodeJS.ProcessEnv): Promise<RunningAgent>;
  /** Ends what was started last, as the system would. */
  stop(): Promise<void>;
  /** All decisions so far, oldest first; a line cut off by a power cut is left out. */
  decisions(): Promise<DecisionLine[]>;
  device(): Promise<Device>;
}

/** A fleet server and boxes enrolled with it, each a process of its own, in one folder. */
export class Line {
  readonly #dir: string;
  readonly #ports: { api: number; device: number; mqtt: number };
  readonly #agents: RunningAgent[] = [];
  #server: RunningServer;
  readonly api: ApiClient;

  private constructor(dir: string, ports: Line['ports'], server: RunningServer) {
    this.#dir = dir;
    this.#ports = ports;
    this.#server = server;
    this.api = new ApiClient(server.ready.apiUrl);
  }

  static async start(dir: string, classes: string[] = ['dark', 'light']): Promise<Line> {
    const ports = { api: await freePort(), device: await freePort(), mqtt: await freePort() };
    const line = new Line(dir, ports, await startServer({ dataDir: join(dir, 'server'), ports }));
    await line.api.signInByLink(line.#server.ready.signInUrl ?? '');
    for (const name of classes) await line.api.createClass(name);
    return line;
  }

  get ports(): { api: number; device: number; mqtt: number } {
    return this.#ports;
  }

  get serverPid(): number {
    return this.#server.pid;
  }

  get serverDir(): string {
    return join(this.#dir, 'server');
  }

  async stopServer(): Promise<void> {
    await this.#server.stop();
  }

  async startServer(): Promise<void> {
    this.#server = await startServer({ dataDir: this.serverDir, ports: this.#ports });
  }

  /**
   * Enrols a box and waits until its first model is confirmed, on a few pictures that it does not keep: a box that sees
   * none takes longer to confirm. It is off afterwards.
   */
  async enrol(name: string): Promise<Box> {
    const dir = join(this.#dir, name);
    await mkdir(dir, { recursive: true });
    let running: RunningAgent | null = null;
    const { token, enrolUrl } = await this.api.createClaimToken(name);
    const box: Box = {
      dir,
      stateDir: join(dir, 'state'),
      start: async (now, env) => {
        const outputs = [{ kind: 'jsonl', path: join(dir, 'decisions.jsonl') }];
        const agent = await startAgent({
          name,
          dir,
          enrolUrl,
          claimToken: token,
          settings: { telemetryIntervalMs: 500, outputs, ...now },
          ...(env ? { env } : {}),
        });
        this.#agents.push(agent);
        running = agent;
        return agent;
      },
      stop: async () => {
        await running?.stop();
      },
      decisions: () => readDecisions(join(dir, 'decisions.jsonl')),
      device: async () => {
        const device = (await this.api.listDevices()).find((item) => item.name === name);
        if (!device) throw new Error(`${name} is not enrolled`);
        return device;
      },
    };
    const proving = join(dir, 'proving');
    await box.start({
      cameras: [watchedFolder(proving)],
      policy: { auditShare: 0, thresholdOverride: 0 },
      outputs: [],
    });
    const phase = async (...phases: string[]) => {
      const device = (await this.api.listDevices()).find((item) => item.name === name);
      return phases.includes(device?.reported?.update.phase ?? '');
    };
    const patience = { timeoutMs: 120_000, everyMs: 200 };
    await until(`${name} to try its first model`, () => phase('active', 'confirmed'), patience);
    const random = seededRandom(1);
    for (let index = 0; index < 4; index++) {
      await dropFile(proving, `proving-${index}.jpg`, await noisyPicture(index % 2 === 0, random));
    }
    await until(`${name} to confirm it`, () => phase('confirmed'), patience);
    await box.stop();
    return box;
  }

  /** Sources of all stored frames, newest first. */
  async storedSources(): Promise<string[]> {
    const sources: string[] = [];
    for await (const frame of this.api.listFrames()) sources.push(frame.source ?? '');
    return sources;
  }

  /** Waits until so many frames are stored. @returns the sources of all that are */
  arrived(frames: number): Promise<string[]> {
    return until(
      `${frames} frames`,
      async () => {
        const sources = await this.storedSources();
        return sources.length >= frames ? sources : null;
      },
      { timeoutMs: 120_000, everyMs: 500 },
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.kill()));
    await this.#server.stop();
  }
}

async function readDecisions(path: string): Promise<DecisionLine[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as DecisionLine];
    } catch {
      return [];
    }
  });
}

/** Prometheus' text of an agent, as numbers by name; labelled samples are summed. */
export async function metricsOf(httpPort: number): Promise<Map<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const match = /^(\w+)(?:\{[^}]*\})? (\S+)$/.exec(line);
    if (match?.[1]) values.set(match[1], (values.get(match[1]) ?? 0) + Number(match[2]));
  }
  return values;
}
