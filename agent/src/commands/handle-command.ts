import { type Command, LinesideError, type ModelTarget } from '@lineside/shared';
import { decodePicture, mostPixelsOnBox } from '@lineside/shared/pictures/decode-picture';
import type { BenchmarkHost, Inference, LoadedPackage, Pixels } from '../inference/model.js';
import type { Station } from '../station.js';
import type { CommandHandler, CommandResult } from '../uplink/command-runner.js';
import { snapshotJpeg } from './snapshot.js';

export interface CommandPorts {
  readonly engine: BenchmarkHost & { infer(lane: string, pixels: Pixels): Promise<Inference | null> };
  /** The station in force: new settings put another in its place. Null while the agent starts. */
  readonly station: () => Station | null;
  /** Trusts and fetches a package beside the one that runs, and keeps its files until `work` has settled. */
  readonly withModel: <T>(model: ModelTarget, work: (loaded: LoadedPackage) => Promise<T>) => Promise<T>;
  /** The newest lines of the log, without secrets. */
  readonly logs: (maxBytes: number) => string;
  readonly publishNow: () => void;
  readonly monotonicMs: () => number;
}

type Handlers = {
  [K in Command['kind']]: (command: Extract<Command, { kind: K }>) => Promise<CommandResult>;
};

/** Not a possible camera id: commands wait in a lane of their own. */
const lane = '(commands)';

/** Answers what the fleet server asks of this device. */
export function createCommandHandler(ports: CommandPorts): CommandHandler {
  let benchmarking = false;

  const station = (): Station => {
    const found = ports.station();
    if (!found) throw new LinesideError('unavailable', 'the agent is starting');
    return found;
  };
  const withCamera = (cameraId: string): Station => {
    const found = station();
    if (!found.cameraIds.includes(cameraId)) {
      throw new LinesideError('not_found', `there is no camera ${cameraId}`);
    }
    return found;
  };

  const handlers: Handlers = {
    async infer({ image }) {
      const sinceMs = ports.monotonicMs();
      const inference = await ports.engine.infer(lane, await decodePicture(image, mostPixelsOnBox));
      if (!inference) throw new LinesideError('model_absent');
      return { ok: true, decision: station().decision(inference, sinceMs) };
    },

    async telemetry() {
      ports.publishNow();
      return { ok: true };
    },

    async capture({ cameraId }) {
      const found = cameraId === undefined ? station() : withCamera(cameraId);
      for (const id of cameraId === undefined ? found.cameraIds : [cameraId]) found.requestNext(id);
      return { ok: true };
    },

    async trigger({ cameraId }) {
      withCamera(cameraId).cameras.trigger(cameraId);
      return { ok: true };
    },

    async snapshot({ cameraId, maxWidth = Number.POSITIVE_INFINITY }) {
      const { cameras, config } = withCamera(cameraId);
      const frame = cameras.latest(cameraId);
      if (!frame) throw new LinesideError('conflict', `camera ${cameraId} has delivered no frame yet`);
      // What a flagged frame may weigh, the broker takes.
      const image = await snapshotJpeg(frame, maxWidth, config.policy.maxUploadBytes);
      return { ok: true, image, capturedAt: frame.capturedAt };
    },

    async restart_camera({ cameraId }) {
      await withCamera(cameraId).cameras.restart(cameraId);
      return { ok: true };
    },

    async benchmark({ model, ...options }) {
      if (benchmarking) throw new LinesideError('conflict', 'another benchmark is running');
      benchmarking = true;
      try {
        const benchmark = model
          ? await ports.withModel(model, (loaded) => ports.engine.benchmark(loaded, options))
          : await ports.engine.benchmark(null, options);
        return { ok: true, benchmark };
      } finally {
        benchmarking = false;
      }
    },

    async logs({ maxBytes }) {
      return { ok: true, logs: ports.logs(maxBytes) };
    },
  };

  return (command) => (handlers[command.kind] as (command: Command) => Promise<CommandResult>)(command);
}
