import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { agentCpuMs, cpuMs, rssBytes } from '../../system/processes.js';
import { until } from '../../system/until.js';
import { type Bench, rounded } from '../report.js';
import { captureAlone } from './capture-alone.js';
import {
  bareLoop,
  gstreamerIsThere,
  height,
  installedModel,
  settingsAt,
  settled,
  skippedWithout,
  telemetryWhen,
  threads,
  width,
  withBox,
} from './rig.js';

const seconds = 15;
const steadyFramesPerSecond = 30;

export const agentBench: Bench = {
  summary:
    'camera-to-decision frames a second at 1280x720 beside a bare onnxruntime loop; cost at a steady 30/s; start; memory',
  run: ({ workDir, say }) =>
    withBox(workDir, async (_line, box) => {
      const gstreamer = gstreamerIsThere();
      const modelPath = await installedModel(box.stateDir);
      const bareSeconds = seconds / 2;
      say(`bare onnxruntime loop, ${bareSeconds} s before the agent and ${bareSeconds} s after it`);
      const order = { modelPath, width, height, threads, seconds: bareSeconds };
      const before = await bareLoop(workDir, order);

      // More than the model can take, so that the model is what bounds the agent.
      const offered = Math.ceil(1.2 * before.framesPerSecond);
      say(`agent for ${seconds} s, offered ${offered} frames/s (${gstreamer ? 'GStreamer' : 'synthetic'})`);
      const startedAt = performance.now();
      const full = await box.start(settingsAt(offered));
      const decisions = join(box.dir, 'decisions.jsonl');
      await until('the first decision', async () => (await stat(decisions).catch(() => null))?.size, {
        everyMs: 5,
      });
      const firstDecisionMs = performance.now() - startedAt;
      const first = await settled(box);
      const cpuBefore = await cpuMs(full.pid);
      const last = await telemetryWhen(box, 'the time to pass', (now) => now.at - first.at >= seconds * 1000);
      const cpu = (await cpuMs(full.pid)) - cpuBefore;
      const frames = last.framesDecided - first.framesDecided;
      const rss = await rssBytes(full.pid);
      await box.stop();
      // A shared machine's speed drifts; what it did on both sides of the measurement is the fairer reference.
      const after = await bareLoop(workDir, order);
      const bareFramesPerSecond = (before.framesPerSecond + after.framesPerSecond) / 2;
      const bareCpuMsPerFrame = (before.cpuMsPerFrame + after.cpuMsPerFrame) / 2;
      const framesPerSecond = (1000 * frames) / (last.at - first.at);

      say(
        `a steady ${steadyFramesPerSecond} frames/s for ${seconds} s, beside GStreamer alone and the bare loop`,
      );
      const alone = gstreamer ? await captureAlone(steadyFramesPerSecond, seconds) : 0;
      const paced = await bareLoop(workDir, { ...order, seconds, framesPerSecond: steadyFramesPerSecond });
      const steady = await box.start(settingsAt(steadyFramesPerSecond));
      const steadyFirst = await settled(box);
      const steadyBefore = await agentCpuMs(steady.pid);
      const since = performance.now();
      const steadyLast = await telemetryWhen(
        box,
        'the time to pass',
        (now) => now.at - steadyFirst.at >= seconds * 1000,
      );
      const steadyCores = ((await agentCpuMs(steady.pid)) - steadyBefore) / (performance.now() - since);
      const steadyRate =
        (1000 * (steadyLast.framesDecided - steadyFirst.framesDecided)) / (steadyLast.at - steadyFirst.at);
      const steadyRss = await rssBytes(steady.pid);
      await box.stop();
      const bareCores = alone + (paced.cpuMsPerFrame * paced.framesPerSecond) / 1000;

      return {
        figures: {
          framesPerSecond: rounded(framesPerSecond),
          cpuMsPerFrame: rounded(cpu / frames),
          rssBytes: rss,
          inferenceP50Ms: rounded(last.inferenceMs.p50),
          inferenceP95Ms: rounded(last.inferenceMs.p95),
          decisionP95Ms: rounded(last.decisionMs.p95),
          threadsCount: threads,
          firstDecisionMs: rounded(firstDecisionMs),
          steadyFramesPerSecond: rounded(steadyRate),
          steadyCpuCores: rounded(steadyCores),
          steadyRssBytes: steadyRss,
        },
        references: {
          bareFramesPerSecond: rounded(bareFramesPerSecond),
          bareCpuMsPerFrame: rounded(bareCpuMsPerFrame),
          captureAloneCpuCores: rounded(alone),
          captureAndBareCpuCores: rounded(bareCores),
        },
        ratios: {
          agentToBareFramesPerSecond: rounded(framesPerSecond / bareFramesPerSecond),
          agentToBareCpuPerFrame: rounded(cpu / frames / bareCpuMsPerFrame),
          steadyToCaptureAndBareCpu: rounded(steadyCores / bareCores),
        },
        skipped: skippedWithout(gstreamer),
        ok: last.inferenceErrors === 0 && steadyLast.inferenceErrors === 0,
      };
    }),
};
