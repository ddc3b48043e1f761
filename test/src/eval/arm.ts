import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Device } from '@lineside/fleet-server/features/devices/schemas';
import { seededRandom, shuffled } from '@lineside/fleet-server/learning/random';
import type { TuneMode } from '@lineside/fleet-server/learning/tuning/modes';
import { decodePicture } from '@lineside/shared/pictures/decode-picture';
import { formatOfName, storedAs } from '@lineside/shared/pictures/formats';
import sharp from 'sharp';
import { type RunningAgent, startAgent } from '../system/agent.js';
import { ApiClient, ApiError } from '../system/api-client.js';
import { type RunningServer, startServer } from '../system/server.js';
import { until } from '../system/until.js';
import type { Picture, Split } from './dataset.js';
import type { ArmReport, RoundReport } from './report.js';
import { type Scored, scoreDecisions } from './score.js';
import { dropInto, groupPattern, opaqueName, setAside } from './stage-files.js';

export interface ArmOptions {
  /** `queue`: labels are spent in the review queue's order; `random`: on frames drawn at random. */
  name: 'queue' | 'random';
  workDir: string;
  classNames: string[];
  split: Split;
  labelsPerRound: number;
  /** What is trained beside the head. */
  mode: TuneMode;
  seed: number;
  say: (line: string) => void;
}

/** Larger pictures are recompressed before they are sent for evaluation, as a camera would for upload. */
const maxImageBytes = 4_000_000;

/** A fleet lets no more devices than these be told at once without a stage before. */
const atOnce = 10;

/** One arm: a whole Lineside (server, broker, database, agents as processes) in a closed loop with an oracle. */
export class Arm {
  readonly #options: ArmOptions;
  /** By the names under which the cameras see them. */
  readonly #pictures = new Map<string, Picture>();
  readonly #unreadable = new Set<string>();
  readonly #classIds = new Map<string, string>();
  readonly #random: () => number;
  #server!: RunningServer;
  #api!: ApiClient;
  #agents: RunningAgent[] = [];
  #deviceIds: string[] = [];
  #labels = 0;
  #seen = 0;
  #stored = 0;

  constructor(options: ArmOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed + 1);
  }

  async run(): Promise<ArmReport> {
    try {
      await this.#start();
      const rounds: RoundReport[] = [];
      for (const [index, perDevice] of this.#options.split.stream.entries()) {
        const round = await this.#round(perDevice);
        rounds.push(round);
        this.#say(
          `round ${index + 1}: ${round.labels} labels, balanced accuracy ${percent(round.balancedAccuracy)}, ` +
            `uploaded ${percent(round.uploadedShare)}, alone ${percent(round.autoAcceptedShare)}`,
        );
      }
      return { rounds, ...(await this.#account()) };
    } finally {
      await Promise.all(this.#agents.map((agent) => agent.stop()));
      await this.#server?.stop();
    }
  }

  #say(line: string): void {
    this.#options.say(`${this.#options.name}: ${line}`);
  }

  async #start(): Promise<void> {
    const { workDir, classNames, split, name } = this.#options;
    this.#server = await startServer({ dataDir: join(workDir, 'server') });
    const { apiUrl, signInUrl } = this.#server.ready;
    this.#api = new ApiClient(apiUrl);
    if (!signInUrl) throw new Error('a new server printed no sign-in link');
    await this.#api.signInByLink(signInUrl);
    for (const className of classNames) {
      this.#classIds.set(className, (await this.#api.createClass(className)).id);
    }
    const devices = split.stream[0]?.length ?? 0;
    for (let index = 0; index < devices; index++) {
      const { token, enrolUrl } = await this.#api.createClaimToken(`camera-${index + 1}`);
      const dir = join(workDir, `device-${index + 1}`);
      this.#agents.push(
        await startAgent({
          name: `camera-${index + 1}`,
          dir,
          enrolUrl,
          claimToken: token,
          settings: {
            cameras: [
              {
                id: 'cam0',
                source: {
                  kind: 'folder',
                  path: join(dir, 'incoming'),
                  mode: 'watch',
                  afterwards: 'delete',
                  groupPattern,
                },
              },
            ],
            policy: { auditShare: name === 'random' ? 1 : 0.02, auditSeed: this.#options.seed },
            telemetryIntervalMs: 500,
          },
        }),
      );
    }
    const online = await until(
      'all devices online with the bootstrap model',
      async () => {
        const all = await this.#api.listDevices();
        return all.length === devices && all.every(runsConfirmed) ? all : null;
      },
      { timeoutMs: 180_000, everyMs: 250 },
    );
    this.#deviceIds = this.#agents.map(
      (agent) => online.find((device) => device.name === agent.name)?.id ?? missing(`device ${agent.name}`),
    );
    this.#say(`${devices} devices run ${online[0]?.reported?.model?.version}`);
  }

  async #round(perDevice: Picture[][]): Promise<RoundReport> {
    const seconds = { stream: 0, label: 0, train: 0, rollout: 0, evaluate: 0 };
    const timed = async <T>(stage: keyof typeof seconds, work: () => Promise<T>): Promise<T> => {
      const start = performance.now();
      const result = await work();
      seconds[stage] = Math.round(performance.now() - start) / 1000;
      return result;
    };
    const uploadedShare = await timed('stream', () => this.#stream(perDevice));
    await timed('label', () => this.#label());
    const model = await timed('train', () => this.#train());
    if (model) await timed('rollout', () => this.#rollOut(model));
    const decisions = await timed('evaluate', () => this.#evaluate());
    const versions = new Set(decisions.map((decision) => decision.modelVersion));
    const threshold = (await this.#api.listModels()).find((entry) => versions.has(entry.id))?.manifest
      .decision.threshold;
    return {
      labels: this.#labels,
      modelVersion: [...versions].join(','),
      ...scoreDecisions(decisions, this.#options.classNames),
      uploadedShare,
      seconds,
      threshold: threshold ?? null,
    };
  }

  /** The cameras see this round's frames; done when each was decided and every flagged one is stored. */
  async #stream(perDevice: Picture[][]): Promise<number | null> {
    const storedBefore = (await this.#api.countFrames()).byDevice;
    const base = await this.#devices();
    const folders = new Map<string, string>();
    const target = new Map<string, number>();
    for (const [index, pictures] of perDevice.entries()) {
      const id = this.#deviceIds[index] ?? missing('device');
      const dir = this.#agents[index]?.dir ?? missing('agent');
      const folder = join(dir, 'incoming');
      folders.set(id, folder);
      const decided = base.get(id)?.telemetry?.framesDecided ?? 0;
      target.set(id, decided + (await setAside(folder)).length + pictures.length);
      for (const picture of pictures) {
        const name = opaqueName(picture, this.#options.seed);
        this.#pictures.set(name, picture);
        await dropInto(folder, join(dir, 'staging'), picture, name);
      }
    }
    const count = perDevice.flat().length;
    await until(
      `${count} frames to be seen and the flagged ones stored`,
      async () => {
        const devices = await this.#devices();
        const stored = (await this.#api.countFrames()).byDevice;
        for (const [id, done] of target) {
          const telemetry = devices.get(id)?.telemetry;
          const bad = await setAside(folders.get(id) ?? missing('folder'));
          if (
            !telemetry ||
            telemetry.framesDecided + bad.length < done ||
            telemetry.spool.frames > 0 ||
            (stored[id] ?? 0) < telemetry.framesFlagged
          )
            return false;
        }
        return true;
      },
      { timeoutMs: 120_000 + count * 1000, everyMs: 200 },
    );
    const unreadableBefore = this.#unreadable.size;
    for (const folder of folders.values())
      for (const name of await setAside(folder)) this.#leaveOut(this.#pictures.get(name)?.path ?? name);
    const seen = count - (this.#unreadable.size - unreadableBefore);
    const after = (await this.#api.countFrames()).byDevice;
    const uploaded = sum(Object.values(after)) - sum(Object.values(storedBefore));
    this.#seen += seen;
    this.#stored = sum(Object.values(after));
    return seen > 0 ? uploaded / seen : null;
  }

  #leaveOut(path: string): void {
    if (this.#unreadable.has(path)) return;
    this.#unreadable.add(path);
    this.#say(`no device can read ${path}`);
  }

  /** The oracle spends this round's labels through the public API. */
  async #label(): Promise<void> {
    const wanted = this.#options.labelsPerRound;
    if (this.#options.name === 'queue') {
      await this.#api.orderQueue();
      for (let left = wanted; left > 0; ) {
        const { items } = await this.#api.lease(Math.min(left, 50));
        if (items.length === 0) break;
        for (const { frame, token } of items) {
          const answer = { kind: 'class' as const, classId: this.#classOf(frame.source) };
          await this.#api.answer({ requestId: randomUUID(), frameId: frame.id, token, answer });
        }
        left -= items.length;
        this.#labels += items.length;
      }
      return;
    }
    const open: { id: string; source: string | null }[] = [];
    for await (const frame of this.#api.listFrames('&labelled=false')) open.push(frame);
    open.sort((a, b) => ((a.source ?? '') < (b.source ?? '') ? -1 : 1));
    for (const frame of shuffled(open, this.#random).slice(0, wanted)) {
      await this.#api.labelFrame(frame.id, this.#classOf(frame.source), randomUUID());
      this.#labels++;
    }
  }

  #classOf(source: string | null): string {
    const className = this.#pictures.get(source ?? '')?.className ?? missing(`truth of ${source}`);
    return this.#classIds.get(className) ?? missing(`class ${className}`);
  }

  /** @returns the new model version, or null while the labels are too few to train on */
  async #train(): Promise<string | null> {
    try {
      const { id } = await this.#api.startTraining({ mode: this.#options.mode });
      const run = await until(
        'training',
        async () => {
          const now = await this.#api.getTraining(id);
          return now.state === 'queued' || now.state === 'running' ? null : now;
        },
        { timeoutMs: 1_800_000, everyMs: 200 },
      );
      if (run.error?.code === 'training_too_few') return null;
      if (run.state !== 'succeeded') throw new Error(`training ${run.state}: ${run.error?.message}`);
      return run.modelVersionId;
    } catch (error) {
      if (error instanceof ApiError && error.code === 'training_too_few') return null;
      throw error;
    }
  }

  async #rollOut(modelVersion: string): Promise<void> {
    const canaries = { kind: 'canary', canaries: atOnce, confirmations: atOnce, soakSeconds: 0 } as const;
    const many = (await this.#devices()).size > atOnce;
    const strategy = many ? canaries : { kind: 'all_at_once' as const };
    const { id } = await this.#api.createRollout(modelVersion, strategy);
    const state = await until(
      'the rollout',
      async () => {
        const { rollout } = await this.#api.getRollout(id);
        return rollout.state === 'running' ? null : rollout;
      },
      { timeoutMs: 300_000, everyMs: 200 },
    );
    if (state.state !== 'finished') throw new Error(`rollout ${state.state}: ${state.reason}`);
    const devices = await this.#devices();
    for (const device of devices.values()) {
      if (device.reported?.model?.version !== modelVersion) missing(`${modelVersion} on ${device.name}`);
    }
  }

  /** Sends every held-out frame through the model that is active on a device at that moment. */
  async #evaluate(): Promise<(Scored & { modelVersion: string })[]> {
    const names = new Map([...this.#classIds].map(([name, id]) => [id, name]));
    const queue = [...this.#options.split.heldOut];
    const decisions: (Scored & { modelVersion: string })[] = [];
    const worker = async (deviceId: string) => {
      for (let picture = queue.shift(); picture; picture = queue.shift()) {
        const { bytes, type } = await readForUpload(picture.path);
        const decision = await this.#api.infer(deviceId, bytes, type).catch((error: unknown) => {
          if (error instanceof ApiError && error.code.startsWith('image_')) return null;
          throw error;
        });
        if (!decision) {
          this.#leaveOut(picture.path);
          continue;
        }
        decisions.push({
          truth: picture.className,
          predicted: names.get(decision.classId) ?? decision.classId,
          accepted: decision.accepted,
          modelVersion: decision.modelVersion,
        });
      }
    };
    await Promise.all(this.#deviceIds.map(worker));
    return decisions;
  }

  async #account(): Promise<Omit<ArmReport, 'rounds'>> {
    const devices = [...(await this.#devices()).values()];
    const flagged = sum(devices.map((device) => device.telemetry?.framesFlagged ?? 0));
    const sources: string[] = [];
    for await (const frame of this.#api.listFrames()) sources.push(frame.source ?? frame.id);
    return {
      framesSeen: this.#seen,
      framesStored: this.#stored,
      unreadable: [...this.#unreadable].sort(),
      lost: Math.max(0, flagged - sources.length),
      duplicated: sources.length - new Set(sources).size,
    };
  }

  async #devices(): Promise<Map<string, Device>> {
    return new Map((await this.#api.listDevices()).map((device) => [device.id, device]));
  }
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
const percent = (value: number | null): string => (value === null ? '–' : `${(100 * value).toFixed(1)} %`);
const missing = (what: string): never => {
  throw new Error(`missing: ${what}`);
};
const runsConfirmed = ({ online, reported }: Device): boolean =>
  online &&
  reported?.model !== null &&
  reported?.model !== undefined &&
  reported.update.phase === 'confirmed';

async function readForUpload(path: string): Promise<{ bytes: Buffer; type: string }> {
  const bytes = await readFile(path);
  const format = formatOfName(path);
  const type = format && storedAs[format];
  if (type && bytes.length <= maxImageBytes) return { bytes, type };
  const { rgb, width, height } = await decodePicture(bytes);
  const picture = sharp(rgb, { raw: { width, height, channels: 3 } });
  const png = await picture.clone().png().toBuffer();
  if (!type && png.length <= maxImageBytes) return { bytes: png, type: 'image/png' };
  const jpeg = await picture.jpeg({ quality: 92, chromaSubsampling: '4:4:4' }).toBuffer();
  return { bytes: jpeg, type: 'image/jpeg' };
}
