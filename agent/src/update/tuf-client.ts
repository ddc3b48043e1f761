import { createHash } from 'node:crypto';
import { join, posix } from 'node:path';
import { Readable } from 'node:stream';
import { isLinesideError, LinesideError } from '@lineside/shared';
import { Metadata, MetadataKind, type TargetFile } from '@tufjs/models';
import { Updater } from 'tuf-js';
import { type Clock, systemClock } from '../clock.js';
import { makeFolderDurably, writeFileDurably } from '../durable-file.js';
import type { ArtifactClient } from './artifact-client.js';
import { AttestedTime, signedAtField } from './attested-time.js';
import { MetadataFetcher, readMetadata } from './tuf-fetcher.js';
import { judgeBy, keepDurably } from './tuf-updater.js';

export interface SignedTarget {
  data: Buffer;
  sha256: string;
  /** `custom` of the target, as the targets role signed it. */
  custom: Record<string, unknown>;
}

const maximumTargetBytes = 4 << 20;
const limits = { maxRootRotations: 64, maxDelegations: 8, fetchTimeout: 30_000, fetchRetry: 0 };

/** The signed repository of the fleet, trusted from the root that came with enrolment. */
export class TufClient {
  readonly #folder: string;
  readonly #firstRoot: string;
  readonly #client: Pick<ArtifactClient, 'baseUrl' | 'read'>;
  readonly #time: AttestedTime;

  constructor(options: {
    stateDir: string;
    tufRoot: string;
    client: Pick<ArtifactClient, 'baseUrl' | 'read'>;
    clock?: Clock;
    monotonicMs?: () => number;
  }) {
    this.#folder = join(options.stateDir, 'tuf');
    this.#firstRoot = options.tufRoot;
    this.#client = options.client;
    const { clock = systemClock, monotonicMs } = options;
    this.#time = new AttestedTime(join(this.#folder, 'time.json'), clock, monotonicMs);
  }

  /** Brings the metadata up to date. @throws as `fetchTarget` */
  async refresh(signal?: AbortSignal): Promise<void> {
    await this.#seedRoot();
    await this.#update(new MetadataFetcher(this.#client, this.#folder, signal), async () => undefined);
  }

  /**
   * Refreshes the metadata and downloads one target.
   * @throws LinesideError `artifact_unreachable`, `artifact_expired`, `artifact_untrusted` or `artifact_corrupt`.
   */
  async fetchTarget(path: string, signal?: AbortSignal): Promise<SignedTarget> {
    await this.#seedRoot();
    const fetcher = new MetadataFetcher(this.#client, this.#folder, signal);
    const target = await this.#update(fetcher, (updater) => updater.getTargetInfo(path));
    if (!target) throw new LinesideError('artifact_untrusted', `${path}: not among the signed targets`);
    return this.#download(target, signal);
  }

  /** The TUF client overwrites its files in place: a root torn by a power cut is replaced by the first one. */
  async #seedRoot(): Promise<void> {
    const text = await readMetadata(this.#folder, 'root.json');
    try {
      if (text !== null) {
        const root = Metadata.fromJSON(MetadataKind.Root, JSON.parse(text));
        root.verifyDelegate(MetadataKind.Root, root);
        return;
      }
    } catch {
      // Fall through: start again from the first root, which leads to the newest by signatures.
    }
    await makeFolderDurably(this.#folder);
    await writeFileDurably(join(this.#folder, 'root.json'), this.#firstRoot);
  }

  /** Runs the client workflow (TUF 5), by the attested time, and with what it trusts kept durably. */
  async #update<T>(fetcher: MetadataFetcher, use: (updater: Updater) => Promise<T>): Promise<T> {
    await this.#time.open();
    try {
      const updater = new Updater({
        metadataDir: this.#folder,
        metadataBaseUrl: `${this.#client.baseUrl}/tuf/`,
        fetcher,
        config: limits,
      });
      judgeBy(updater, new Date(this.#time.now()));
      keepDurably(updater, this.#folder);
      await updater.refresh();
      await this.#attest();
      return await use(updater);
    } catch (error) {
      if (fetcher.failure) throw fetcher.failure;
      if (isLinesideError(error)) throw error;
      const message = error instanceof Error ? error.message : String(error);
      const code = /expired/i.test(message) ? 'artifact_expired' : 'artifact_untrusted';
      throw new LinesideError(code, message, { cause: error });
    }
  }

  /** The timestamp that was just verified proves that the moment it was signed has passed. */
  async #attest(): Promise<void> {
    const text = await readMetadata(this.#folder, 'timestamp.json');
    const { signed } = JSON.parse(text ?? '{}') as { signed?: Record<string, unknown> };
    const at = Date.parse(String(signed?.[signedAtField]));
    if (Number.isFinite(at)) await this.#time.attest(at);
  }

  async #download(target: TargetFile, signal?: AbortSignal): Promise<SignedTarget> {
    const sha256 = target.hashes.sha256;
    if (!sha256 || target.length > maximumTargetBytes) {
      throw new LinesideError(
        'artifact_untrusted',
        `${target.path}: no SHA-256, or longer than a manifest may be`,
      );
    }
    const { dir, base } = posix.parse(target.path);
    const name = posix.join(dir, `${sha256}.${base}`);
    const { status, data } = await this.#client.read(`/tuf/targets/${name}`, target.length, signal);
    if (status !== 200) throw new LinesideError('artifact_unreachable', `${target.path}: status ${status}`);
    try {
      await target.verify(Readable.from([data]));
    } catch (error) {
      throw new LinesideError('artifact_corrupt', `${target.path}: ${(error as Error).message}`, {
        cause: error,
      });
    }
    return { data, sha256: createHash('sha256').update(data).digest('hex'), custom: target.custom };
  }
}
