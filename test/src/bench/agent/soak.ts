import { setTimeout as delay } from 'node:timers/promises';
import { type ResidentMemory, residentMemory } from '../../system/processes.js';
import { type Bench, rounded } from '../report.js';
import { gstreamerIsThere, settingsAt, settled, skippedWithout, withBox } from './rig.js';

const warmUpMinutes = 3;
const minutes = 30;
const samplesPerMinute = 6;

const average = (samples: readonly ResidentMemory[]): ResidentMemory => ({
  rss: samples.reduce((sum, { rss }) => sum + rss, 0) / samples.length,
  anonymous: samples.reduce((sum, { anonymous }) => sum + anonymous, 0) / samples.length,
});

const toMiB = (bytes: number): number => Math.round(bytes / 2 ** 20);

export const soakBench: Bench = {
  summary: `memory of an agent at full rate over ${minutes} minutes`,
  run: ({ workDir, say }) =>
    withBox(workDir, async (_line, box) => {
      const agent = await box.start({ ...settingsAt(200), outputs: [] });
      await settled(box);
      say(`${warmUpMinutes} minutes to warm up, then ${minutes} minutes`);
      await delay(warmUpMinutes * 60_000);
      const perMinute: ResidentMemory[] = [];
      for (let minute = 0; minute < minutes; minute++) {
        const samples: ResidentMemory[] = [];
        for (let sample = 0; sample < samplesPerMinute; sample++) {
          await delay(60_000 / samplesPerMinute);
          samples.push(await residentMemory(agent.pid));
        }
        perMinute.push(average(samples));
        const { rss, anonymous } = average(samples);
        say(`minute ${minute + 1}: ${toMiB(rss)} MiB, of which ${toMiB(anonymous)} its own`);
      }
      const { telemetry } = await box.device();
      await box.stop();
      // Five minutes on each side: one collection more or less is not growth.
      const first = average(perMinute.slice(0, 5));
      const last = average(perMinute.slice(-5));
      const growth = last.rss / first.rss;
      return {
        figures: {
          rssBytesAtEnd: rounded(last.rss),
          rssBytesMost: rounded(Math.max(...perMinute.map(({ rss }) => rss))),
          anonymousBytesAtEnd: rounded(last.anonymous),
          anonymousBytesMost: rounded(Math.max(...perMinute.map(({ anonymous }) => anonymous))),
          framesDecided: telemetry?.framesDecided ?? 0,
        },
        references: {
          rssBytesAtStart: rounded(first.rss),
          anonymousBytesAtStart: rounded(first.anonymous),
        },
        ratios: {
          endToStartRss: rounded(growth),
          // A kernel that reclaims cold file pages moves the RSS up and down; this part it cannot.
          endToStartAnonymous: rounded(last.anonymous / first.anonymous),
        },
        skipped: skippedWithout(gstreamerIsThere()),
        ok: growth < 1.05,
      };
    }),
};
