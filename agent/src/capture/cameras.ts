import { type CameraStateName, LinesideError, type ReportedState } from '@lineside/shared';
import type { CameraConfig } from '../config.js';
import { Camera, type CameraPorts } from './camera.js';
import type { CapturedFrame } from './source.js';

type CameraState = ReportedState['cameras'][number];

/** All cameras of the device. Each runs on its own: one that fails or hangs changes nothing for the others. */
export class Cameras {
  readonly #cameras: ReadonlyMap<string, Camera>;
  readonly #ports: CameraPorts;

  constructor(configs: readonly CameraConfig[], ports: CameraPorts) {
    this.#ports = ports;
    this.#cameras = new Map(configs.map((config) => [config.id, new Camera(config, ports)]));
  }

  get states(): CameraState[] {
    const { statistics } = this.#ports;
    return [...this.#cameras.values()].map(({ id, status }) => ({
      id,
      ...status,
      stages: statistics.stages(id),
    }));
  }

  /** Resolves when every source was started or has failed to. */
  async start(): Promise<void> {
    await Promise.all([...this.#cameras.values()].map((camera) => camera.start()));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#cameras.values()].map((camera) => camera.stop()));
  }

  /** Null: there is no such camera. */
  stateOf(id: string): CameraStateName | null {
    return this.#cameras.get(id)?.status.state ?? null;
  }

  /**
   * Starts a camera's source anew, whatever its back-off.
   * @throws LinesideError `not_found`
   */
  async restart(id: string): Promise<void> {
    await this.#camera(id).restart();
  }

  /**
   * Takes the next frame of a camera with an external trigger.
   * @throws LinesideError `not_found`; `conflict` when it has no external trigger or delivers no pictures
   */
  trigger(id: string): void {
    this.#camera(id).trigger();
  }

  /** The newest frame captured, decided or not; null before the first. Its pixels are shared: only read them. */
  latest(id: string): CapturedFrame | null {
    return this.#cameras.get(id)?.latest ?? null;
  }

  #camera(id: string): Camera {
    const camera = this.#cameras.get(id);
    if (!camera) throw new LinesideError('not_found', `there is no camera ${id}`);
    return camera;
  }
}
