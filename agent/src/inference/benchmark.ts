import { randomFillSync } from 'node:crypto';
import type { BenchmarkResult } from '@lineside/shared';
import { percentilesOf } from '../health/percentiles.js';
import type { InferenceBackend } from './backend.js';
import type { BenchmarkOptions, LoadedPackage, Pixels } from './model.js';

const warmUps = 3;
/** Two minutes at 500 inferences a second. */
const mostInferences = 60_000;

/**
 * Runs a package on noise, one picture after another, in a session of its own.
 * @throws LinesideError as `InferenceBackend.load` and `ModelSession.infer`
 */
export async function measure(
  backend: InferenceBackend,
  model: LoadedPackage,
  { seconds, width, height }: BenchmarkOptions,
  signal: AbortSignal,
): Promise<Omit<BenchmarkResult, 'besideLoad'>> {
  const session = await backend.load(model, { purpose: 'benchmark', signal });
  try {
    const picture: Pixels = { rgb: randomFillSync(Buffer.alloc(width * height * 3)), width, height };
    for (let i = 0; i < warmUps; i++) await session.infer(picture);
    const latencies: number[] = [];
    const started = performance.now();
    let now = started;
    while (now - started < seconds * 1000 && latencies.length < mostInferences) {
      signal.throwIfAborted();
      const before = now;
      await session.infer(picture);
      now = performance.now();
      latencies.push(now - before);
    }
    return {
      modelVersion: model.manifest.version,
      variant: model.variant,
      backend: session.backend.actual,
      threads: backend.threads,
      width,
      height,
      inferences: latencies.length,
      perSecond: (1000 * latencies.length) / Math.max(1, now - started),
      latencyMs: percentilesOf(latencies),
    };
  } finally {
    await session.close();
  }
}
