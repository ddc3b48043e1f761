import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createArtifactClient } from '@lineside/agent/update/artifact-client';
import { TufClient } from '@lineside/agent/update/tuf-client';
import { reportedState } from '@lineside/fleet-server/testing/reported';
import { type Identity, TestDevice } from '@lineside/fleet-server/testing/test-device';
import {
  type DesiredState,
  encodeMessage,
  isErrorCode,
  LinesideError,
  type ModelTarget,
  ReportedState,
} from '@lineside/shared';

/** After so many seconds of silence either end gives a connection up. */
const keepalive = 1;

/**
 * A device that runs what it is told once the signed repository vouches for it, through whatever becomes of server and
 * network, and notes what it was told.
 */
export class Follower {
  /** Revisions of the desired state by the release they named first, in the order in which they came. */
  readonly told = new Map<number, Set<number>>();
  readonly confirmedAt = new Map<number, number>();
  /** Models that it was told to run and that the repository does not vouch for. */
  readonly unsigned: ModelTarget[] = [];
  connections = 0;
  readonly #stopping = new AbortController();
  readonly #repository: TufClient;
  readonly #client: ReturnType<typeof createArtifactClient>;
  #running: ModelTarget | null = null;
  readonly #done: Promise<void>;

  constructor(
    readonly identity: Identity,
    stateDir: string,
    readonly clock: () => number,
  ) {
    this.#client = createArtifactClient(identity);
    const { tufRoot } = identity;
    this.#repository = new TufClient({
      ...{ tufRoot, client: this.#client },
      stateDir: join(stateDir, identity.deviceId),
    });
    this.#done = this.#live();
  }

  get running(): number | null {
    return this.#running?.releaseCounter ?? null;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
    this.#client.close();
  }

  async #live(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const device = await TestDevice.connect(this.identity, { keepalive }).catch(() => null);
      if (device) {
        this.connections++;
        await this.#follow(device).catch(() => {});
        await device.close().catch(() => {});
      }
      await delay(100);
    }
  }

  async #follow(device: TestDevice): Promise<void> {
    let seen = 0;
    while (device.client.connected && !this.#stopping.signal.aborted) {
      const desired = device.desired[seen];
      if (!desired) {
        await delay(20);
        continue;
      }
      if (desired.model) await this.#run(device, desired, desired.model);
      seen++;
    }
  }

  /** What fails here is taken up by the next connection, which begins with the desired state. */
  async #run(device: TestDevice, { revision }: DesiredState, model: ModelTarget): Promise<void> {
    const { version, releaseCounter, manifestSha256 } = model;
    this.told.set(releaseCounter, (this.told.get(releaseCounter) ?? new Set()).add(revision));
    await this.#mustBeSigned(model);
    // A client that lost its connection meanwhile would keep the report for ever.
    if (!device.client.connected) throw new Error('the connection was closed');
    this.#running = model;
    const reported = reportedState({
      ...{ at: Date.now(), desiredRevision: revision },
      model: { version, releaseCounter, manifestSha256, variant: 'fp32' },
      update: { phase: 'confirmed', version, releaseCounter },
    });
    if (!this.confirmedAt.has(releaseCounter)) this.confirmedAt.set(releaseCounter, this.clock());
    await Promise.race([
      device.publish('reported', encodeMessage(ReportedState, reported)),
      new Promise((_, reject) => device.client.once('close', () => reject(new Error('closed')))),
    ]);
  }

  async #mustBeSigned(model: ModelTarget): Promise<void> {
    try {
      const { sha256, custom } = await this.#repository.fetchTarget(model.target, this.#stopping.signal);
      if (sha256 === model.manifestSha256 && custom.releaseCounter === model.releaseCounter) return;
      throw new LinesideError('artifact_untrusted', model.target);
    } catch (error) {
      if (!isErrorCode(error, 'artifact_unreachable')) this.unsigned.push(model);
      throw error;
    }
  }
}
