import { readFile } from 'node:fs/promises';
import { LinesideError } from '@lineside/shared';
import type { LoadedPackage, ShadowHost, ShadowReport } from '../../src/inference/model.js';

/** A challenger's place in which nothing runs, but files are read as a real one would, and it fails as it is told. */
export class FakeShadow implements ShadowHost {
  readonly sets: string[] = [];
  /** Versions that fail their self-test. */
  readonly bad = new Set<string>();
  current: ShadowReport | null = null;

  async set(model: LoadedPackage | null, share: number): Promise<void> {
    this.sets.push(model ? `${model.manifest.version}@${model.releaseCounter} ${share}` : 'none');
    if (this.current && this.current.model.manifestSha256 === model?.manifestSha256) {
      this.current = { ...this.current, share };
      return;
    }
    this.current = null;
    if (!model) return;
    await readFile(model.modelPath);
    if (this.bad.has(model.manifest.version)) throw new LinesideError('self_test_failed', 'golden frame 0');
    this.current = { model, share, compared: 0, disagreed: 0, failed: 0, error: null };
  }

  report(): ShadowReport | null {
    return this.current;
  }

  async compare(): Promise<null> {
    return null;
  }
}
