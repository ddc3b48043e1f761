import { LinesideError, type ModelTarget } from '@lineside/shared';
import type { LoadedPackage } from '../inference/model.js';
import { Turns } from '../turns.js';
import type { ArtifactClient } from './artifact-client.js';
import type { ArtifactFile, ArtifactStore } from './artifact-store.js';
import { downloadArtifact } from './download.js';
import {
  filesOf,
  openStoredPackage,
  type Release,
  readNoted,
  readPackage,
  type TrustedPackage,
  toLoaded,
  type VariantChoice,
} from './package.js';
import type { TufClient } from './tuf-client.js';

export interface PackagesOptions {
  readonly store: ArtifactStore;
  /** Made when it is needed: its library is slow to load, and most starts update nothing. */
  readonly tuf: () => Promise<TufClient>;
  readonly client: ArtifactClient;
  readonly choice: VariantChoice;
}

/**
 * The model packages on this device: trusted by the signed repository, fetched, and kept for as long as someone needs
 * them. Several may ask at once; what goes over the network goes one after another.
 */
export class Packages {
  readonly #options: PackagesOptions;
  readonly #network = new Turns();
  readonly #held = new Set<TrustedPackage>();

  constructor(options: PackagesOptions) {
    this.#options = options;
  }

  /**
   * Asks the signed repository whether it vouches for the target, and keeps its manifest.
   * @param keep notes the package as needed, before anything can be collected
   * @throws LinesideError `artifact_untrusted` and others of the repository and the manifest
   */
  async trust<T>(model: ModelTarget, signal: AbortSignal, keep: (trusted: TrustedPackage) => T): Promise<T> {
    const { tuf, store, choice } = this.#options;
    return this.#inTurn(signal, async () => {
      const { target } = model;
      const client = await tuf();
      const signed = await client.fetchTarget(target, signal);
      if (signed.sha256 !== model.manifestSha256) {
        throw new LinesideError(
          'artifact_untrusted',
          `${target}: the signed manifest is not the desired one`,
        );
      }
      const { releaseCounter, version, arch } = signed.custom;
      if (releaseCounter !== model.releaseCounter) {
        throw new LinesideError(
          'artifact_untrusted',
          `${target}: signed for release ${releaseCounter}, desired as ${model.releaseCounter}`,
        );
      }
      if (version !== undefined && version !== model.version) {
        throw new LinesideError(
          'artifact_untrusted',
          `${target}: signed as version ${version}, desired as ${model.version}`,
        );
      }
      // Absent: signed before the field was, or made for any.
      if (Array.isArray(arch) && !arch.includes(choice.arch)) {
        throw new LinesideError(
          'artifact_incompatible',
          `${target}: signed for ${arch.join(', ')}, not for ${choice.arch}`,
        );
      }
      const trusted = readPackage(signed.data, model, choice);
      await store.put(signed.data);
      return keep(trusted);
    });
  }

  /** Files of the package that are not on the disk, whole. */
  async missing(trusted: TrustedPackage): Promise<ArtifactFile[]> {
    const missing: ArtifactFile[] = [];
    for (const file of filesOf(trusted)) if (!(await this.#options.store.has(file))) missing.push(file);
    return missing;
  }

  /**
   * @param onProgress share of the package's bytes on the disk
   * @throws LinesideError `artifact_unreachable` (call again to go on) or `artifact_corrupt`
   */
  async fetch(
    trusted: TrustedPackage,
    file: ArtifactFile,
    signal: AbortSignal,
    onProgress: (share: number) => void = () => {},
  ): Promise<void> {
    const { client, store } = this.#options;
    await this.#inTurn(signal, async () => {
      // It may have come for another package meanwhile.
      if (await store.has(file)) return;
      const missing = await this.missing(trusted);
      const sum = (files: ArtifactFile[]): number => files.reduce((total, { length }) => total + length, 0);
      const total = sum(filesOf(trusted));
      const before = total - sum(missing);
      const report = (bytes: number): void => onProgress(Math.min(1, (before + bytes) / total));
      await downloadArtifact({ client, store, file, signal, onProgress: report });
    });
  }

  /** Everything that lies on the disk is read again. @throws LinesideError `artifact_corrupt` */
  async verify(trusted: TrustedPackage): Promise<LoadedPackage> {
    const { store } = this.#options;
    for (const file of filesOf(trusted)) {
      store.distrust(file.sha256);
      if (!(await store.has(file))) {
        throw new LinesideError('artifact_corrupt', `${file.sha256}: altered on the disk`);
      }
    }
    return toLoaded(trusted, store);
  }

  /** A package that was trusted before, from the disk alone. @throws LinesideError `artifact_corrupt` */
  async stored(release: Release): Promise<LoadedPackage> {
    const { store, choice } = this.#options;
    return toLoaded(await openStoredPackage(release, store, choice), store);
  }

  /** What was trusted before, though files may be missing. @throws LinesideError `artifact_corrupt` */
  async known(release: Release): Promise<TrustedPackage> {
    const { store, choice } = this.#options;
    return readNoted(await store.read(release.manifestSha256), release, choice);
  }

  /** Keeps the package's files until the function that this returns is called. */
  hold(trusted: TrustedPackage): () => void {
    const held = { ...trusted };
    this.#held.add(held);
    return () => void this.#held.delete(held);
  }

  /** Deletes the files of every package that is neither needed nor held. */
  async collect(needed: () => Promise<TrustedPackage[]>, signal: AbortSignal): Promise<void> {
    await this.#inTurn(signal, async () => {
      const keep = new Set<string>();
      for (const trusted of [...(await needed()), ...this.#held]) {
        keep.add(trusted.release.manifestSha256);
        for (const { sha256 } of filesOf(trusted)) keep.add(sha256);
      }
      await this.#options.store.collect(keep);
    });
  }

  async #inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const end = await this.#network.take(signal);
    try {
      return await work();
    } finally {
      end();
    }
  }
}
