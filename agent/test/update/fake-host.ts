import { readFile } from 'node:fs/promises';
import { LinesideError } from '@lineside/shared';
import type { LoadedPackage, ModelHost, SwapPhase } from '../../src/inference/model.js';

/** A host that runs nothing, but reads the files as a real one would and fails as it is told. */
export class FakeHost implements ModelHost {
  readonly swaps: string[] = [];
  #active: LoadedPackage | null = null;
  /** Versions that fail their self-test. */
  readonly bad = new Set<string>();
  modelBytes: Buffer | null = null;
  /** What it says that it is busy with during a swap. */
  phases: SwapPhase[] = [];
  onSwap: (next: LoadedPackage) => Promise<void> = async () => undefined;

  active(): LoadedPackage | null {
    return this.#active;
  }

  async swap(next: LoadedPackage, onPhase?: (phase: SwapPhase) => void): Promise<void> {
    this.swaps.push(`${next.manifest.version}@${next.releaseCounter}`);
    const bytes = await readFile(next.modelPath);
    await readFile(next.goldenPath);
    if (next.referencePath) await readFile(next.referencePath);
    for (const phase of this.phases) onPhase?.(phase);
    await this.onSwap(next);
    if (this.bad.has(next.manifest.version)) throw new LinesideError('self_test_failed', 'golden frame 0');
    this.modelBytes = bytes;
    this.#active = next;
  }

  backend() {
    return { requested: 'cpu', actual: 'cpu', degraded: false };
  }
}
