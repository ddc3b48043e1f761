import { spawnSync } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TelemetryMessage } from '@lineside/shared';
import { messageFrom, startChild } from '../../system/child.js';
import { type Box, Line } from '../../system/line.js';
import { until } from '../../system/until.js';
import type { BareOrder, BareResult } from './bare-loop.js';

export const width = 1280;
export const height = 720;
export const threads = 1;

export const gstreamerIsThere = (): boolean => spawnSync('gst-launch-1.0', ['--version']).status === 0;
export const skippedWithout = (gstreamer: boolean): string[] =>
  gstreamer ? [] : ['GStreamer is not installed: npm run setup:system'];

/** A camera whose picture costs its generator little: the generator shares the machine, a real camera would not. */
export const cameraAt = (framesPerSecond: number) => ({
  kind: 'videotestsrc' as const,
  pattern: 'smpte',
  width,
  height,
  framesPerSecond,
});

/** Everything is decided and nothing is sent: the path from camera to decision alone. */
export const settingsAt = (framesPerSecond: number) => ({
  cameras: [
    {
      id: 'cam0',
      frozenAfterMs: 0,
      source: gstreamerIsThere()
        ? cameraAt(framesPerSecond)
        : { kind: 'synthetic', width, height, framesPerSecond },
    },
  ],
  policy: { auditShare: 0, thresholdOverride: 0 },
  inference: { threads },
  telemetryIntervalMs: 1000,
});

/** One line with one box that has its model. */
export async function withBox<T>(workDir: string, use: (line: Line, box: Box) => Promise<T>): Promise<T> {
  const line = await Line.start(workDir, ['good', 'scratch', 'dent']);
  try {
    return await use(line, await line.enrol('bench'));
  } finally {
    await line.stop();
  }
}

/** The model file as it lies in the agent's state folder: the largest artifact. */
export async function installedModel(stateDir: string): Promise<string> {
  const folder = join(stateDir, 'artifacts');
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const path = join(folder, name);
      return { path, bytes: (await stat(path)).size };
    }),
  );
  return files.sort((a, b) => b.bytes - a.bytes)[0]?.path ?? '';
}

export async function bareLoop(workDir: string, order: BareOrder): Promise<BareResult> {
  const bare = startChild(new URL('./bare-loop.js', import.meta.url), [], {
    logFile: join(workDir, 'bare.log'),
  });
  const done = messageFrom<BareResult>(bare, 'done', 120_000);
  bare.process.send(order);
  return done;
}

/** Waits for telemetry that fits. Asks rarely, because answering takes processor time from the agent. */
export const telemetryWhen = (
  box: Box,
  what: string,
  when: (now: TelemetryMessage) => boolean,
  timeoutMs = 120_000,
): Promise<TelemetryMessage> =>
  until(
    what,
    async () => {
      const { telemetry } = await box.device();
      return telemetry && when(telemetry) ? telemetry : null;
    },
    { timeoutMs, everyMs: 500 },
  );

/** The first telemetry after the agent has come to its pace. */
export async function settled(box: Box): Promise<TelemetryMessage> {
  const startedAt = Date.now();
  const paced = await telemetryWhen(
    box,
    'decisions',
    (now) => now.at > startedAt && now.uptimeSeconds > 5 && now.framesDecided > 100,
  );
  return telemetryWhen(box, 'the next telemetry', (now) => now.at > paced.at);
}
