import { setTimeout as delay } from 'node:timers/promises';
import type { Box, DecisionLine, Line } from '../../system/line.js';
import { childrenOf, stepBack } from '../../system/processes.js';
import { until } from '../../system/until.js';
import { median } from '../percentile.js';
import { type Bench, rounded } from '../report.js';
import {
  bareLoop,
  gstreamerIsThere,
  height,
  installedModel,
  settingsAt,
  threads,
  width,
  withBox,
} from './rig.js';

/** A camera that fails more than eight times a minute is started more slowly: so few a start of the agent. */
const triesEach = 3;
const starts = 3;
/** Under full load, because the longest gap of one exchange is down to chance. */
const exchanges = 5;
/** A frame whose first byte arrives sooner was under way when the signal was sent. */
const inFlightMs = 10;

const longest = (times: readonly number[]): number =>
  times.slice(1).reduce((most, time, index) => Math.max(most, time - (times[index] ?? time)), 0);

/** Decided frames of a span of the wall clock. */
const between = (decisions: readonly DecisionLine[], from: number, to: number): DecisionLine[] =>
  decisions.filter(({ capturedAt }) => capturedAt >= from && capturedAt <= to);

const decidedAt = ({ capturedAt, decision }: DecisionLine): number => capturedAt + (decision?.latencyMs ?? 0);

/** Time from a signal to the capture child until the next one's first frame arrives, milliseconds. */
async function nextFrameAfter(box: Box, agentPid: number, signal: NodeJS.Signals): Promise<number> {
  const [child = 0] = await childrenOf(agentPid, 'gst-launch');
  const at = Date.now();
  process.kill(child, signal);
  // Long enough for the camera to count as steady: the failure after that is again answered at once.
  const next = await until(
    'frames again',
    async () => {
      const after = between(await box.decisions(), at + inFlightMs, at + 60_000);
      return (after.at(-1)?.capturedAt ?? 0) > at + 4000 ? after[0] : null;
    },
    { everyMs: 1000 },
  );
  return next.capturedAt - at;
}

interface Exchange {
  readonly during: DecisionLine[];
  /** Of a span as long, right after it. */
  readonly without: DecisionLine[];
}

/** Rolls the model out under a new release while the box decides. */
async function exchange(line: Line, box: Box): Promise<Exchange> {
  const [model] = await line.api.listModels();
  const from = Date.now();
  const { id } = await line.api.createRollout(model?.id ?? '', { kind: 'all_at_once' });
  await until('the exchange', async () => (await line.api.getRollout(id)).rollout.state === 'finished', {
    everyMs: 250,
  });
  await delay(500);
  const to = Date.now();
  await delay(to - from);
  const decisions = await box.decisions();
  return { during: between(decisions, from, to), without: between(decisions, to, to + (to - from)) };
}

export const recoveryBench: Bench = {
  summary:
    'time without a frame when the capture child is killed or hangs, and when the model is exchanged under load',
  run: ({ workDir, say }) =>
    withBox(workDir, async (line, box) => {
      if (!gstreamerIsThere()) {
        return {
          figures: {},
          references: {},
          ratios: {},
          skipped: ['GStreamer is not installed: npm run setup:system'],
          ok: true,
        };
      }
      // In service the fleet server is another machine.
      await stepBack(line.serverPid);
      const tries = starts * triesEach;
      say(`the capture child is killed ${tries} times and hangs ${tries} times, at 30 frames/s`);
      const killed: number[] = [];
      const hung: number[] = [];
      for (let start = 0; start < starts; start++) {
        if (start > 0) await box.stop();
        const before = (await box.decisions()).length;
        const agent = await box.start(settingsAt(30));
        await until('frames', async () => (await box.decisions()).length > before + 60);
        for (let time = 0; time < triesEach; time++) {
          killed.push(await nextFrameAfter(box, agent.pid, 'SIGKILL'));
          hung.push(await nextFrameAfter(box, agent.pid, 'SIGSTOP'));
        }
      }
      say('the model is exchanged at 30 frames/s');
      const steady = await exchange(line, box);
      const sequences = steady.during.map(({ sequence }) => sequence);
      const skippedFrames = (sequences.at(-1) ?? 0) - (sequences[0] ?? 0) + 1 - sequences.length;
      await box.stop();

      say('the model is exchanged under full load');
      const bare = await bareLoop(workDir, {
        modelPath: await installedModel(box.stateDir),
        ...{ width, height, threads, seconds: 3 },
      });
      const sofar = (await box.decisions()).length;
      await box.start(settingsAt(Math.ceil(1.2 * bare.framesPerSecond)));
      await until('frames', async () => (await box.decisions()).length > sofar + 200);
      const loaded: Exchange[] = [];
      for (let time = 0; time < exchanges; time++) loaded.push(await exchange(line, box));
      await box.stop();
      const gapDuring = median(loaded.map(({ during }) => longest(during.map(decidedAt))));
      const gapWithout = median(loaded.map(({ without }) => longest(without.map(decidedAt))));
      return {
        figures: {
          killedMedianMs: rounded(median(killed)),
          killedLongestMs: rounded(Math.max(...killed)),
          hungMedianMs: rounded(median(hung)),
          hungLongestMs: rounded(Math.max(...hung)),
          exchangeSkippedFrames: skippedFrames,
          exchangeLongestGapMs: rounded(gapDuring),
        },
        references: { longestGapWithoutExchangeMs: rounded(gapWithout) },
        ratios: { exchangeToNoExchangeGap: rounded(gapDuring / gapWithout) },
        skipped: [],
        ok:
          skippedFrames === 0 &&
          [steady, ...loaded].every(({ during }) => during.every(({ decision }) => decision !== null)),
      };
    }),
};
