import { join } from 'node:path';
import type { Transfer } from '@lineside/fleet-server/features/exchange/schemas';
import type { Static } from 'typebox';
import { ApiClient } from '../system/api-client.js';
import { residentMemory } from '../system/processes.js';
import { startServer } from '../system/server.js';
import { until } from '../system/until.js';
import { storeFrames } from './console/stored-frames.js';
import { type Bench, type BenchResult, rounded } from './report.js';

const usualFrames = 100_000;
/** The ordering of the queue after the start is not the export's. */
const restMs = 20_000;

/** What the server has allocated at most while it writes an archive of all frames, beside what it had before. */
export const exportMemoryBench: Bench = {
  summary: 'memory of the server while it exports 100,000 frames as COCO; --frames, --database URL',
  async run({ workDir, say, options }) {
    const count = Number(options.frames ?? usualFrames);
    const dataDir = join(workDir, 'server');
    const databaseUrl = options.database;
    await storeFrames({ dataDir, count, nowMs: Date.now(), databaseUrl }, say);
    const server = await startServer({ dataDir, ...(databaseUrl ? { databaseUrl } : {}) });
    try {
      const api = new ApiClient(server.ready.apiUrl);
      await api.signInByLink(server.ready.signInUrl ?? '');
      const resident = async () => (await residentMemory(server.pid)).rss;
      let beforeBytes = 0;
      const rested = performance.now() + restMs;
      await until('the server to rest', async () => {
        beforeBytes = Math.max(beforeBytes, await resident());
        return performance.now() > rested;
      });
      const startedMs = performance.now();
      const { id } = await api.request<Static<typeof Transfer>>('POST', '/exports', {
        format: 'coco',
        frames: 'all',
      });
      let peakBytes = 0;
      const done = await until(
        'the archive',
        async () => {
          peakBytes = Math.max(peakBytes, await resident());
          const transfer = await api.request<Static<typeof Transfer>>('GET', `/transfers/${id}`);
          return ['succeeded', 'failed', 'cancelled'].includes(transfer.state) && transfer;
        },
        { timeoutMs: 1_800_000, everyMs: 100 },
      );
      const seconds = (performance.now() - startedMs) / 1000;
      const figures = {
        frames: count,
        residentBeforeBytes: beforeBytes,
        residentPeakBytes: peakBytes,
        addedBytes: peakBytes - beforeBytes,
        seconds: rounded(seconds),
      };
      say(`before ${beforeBytes >> 20} MiB, at most ${peakBytes >> 20} MiB, ${rounded(seconds)} s`);
      const result: BenchResult = {
        figures,
        references: {},
        ratios: {},
        skipped: [],
        ok: done.state === 'succeeded',
      };
      return result;
    } finally {
      await server.stop();
    }
  },
};
