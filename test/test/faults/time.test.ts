import { join } from 'node:path';
import { seededRandom } from '@lineside/fleet-server/learning/random';
import { fakeTime, fakeTimeMissing } from '../../src/system/fake-time.js';
import { dropFile, noisyPicture, watchedFolder } from '../../src/system/pictures.js';
import { until } from '../../src/system/until.js';
import { onALine } from './on-a-line.js';

const skip = fakeTimeMissing();
const hourFrames = 360;

onALine(
  'no broker for an hour: every frame is decided meanwhile and arrives once afterwards',
  async (t, line, dir) => {
    const random = seededRandom(4);
    const incoming = join(dir, 'box', 'incoming');
    // One picture in ten seconds of a clock that runs thirty times as fast.
    const settings = {
      cameras: [{ id: 'cam', source: { kind: 'folder', path: incoming, mode: 'watch', intervalMs: 10_000 } }],
      policy: { recordAll: true },
    };
    for (let index = 0; index < hourFrames; index++) {
      await dropFile(incoming, `${index}.jpg`, await noisyPicture(index % 2 === 0, random));
    }
    const box = await line.enrol('box');
    await line.stopServer();
    const clock = await fakeTime(join(dir, 'clock'), '+0 x30', { alsoMonotonic: true });
    const startMs = performance.now();
    let agent = await box.start(settings, clock.env);
    const decisions = await until(
      'an hour to pass',
      async () => {
        // On such a clock a busy machine looks like a model that stands still, over which the agent ends itself; its unit
        // would start it again.
        if (agent.process.exitCode !== null || agent.process.signalCode !== null) {
          // A process begins such a clock anew.
          const aheadMs = (30 - 1) * (performance.now() - startMs);
          await clock.set(`+${Math.round(aheadMs / 1000)} x30`);
          agent = await box.start(settings, clock.env);
        }
        const all = await box.decisions();
        return all.length >= hourFrames ? all : null;
      },
      { timeoutMs: 400_000, everyMs: 1000 },
    );
    const first = decisions.at(0);
    const last = decisions.at(-1);
    t.ok(first && last && last.capturedAt - first.capturedAt > 3_500_000, 'an hour passed on the box');
    t.ok(
      decisions.every(({ decision }) => decision !== null),
      'the last good model decided every frame',
    );
    await clock.set('+7200 x1');
    await line.startServer();
    const stored = await line.arrived(hourFrames);
    t.equal(stored.length, hourFrames, 'nothing is lost');
    t.equal(new Set(stored).size, hourFrames, 'nothing is delivered twice');
  },
  { skip, timeoutMs: 900_000 },
);

onALine(
  'the wall clock jumps a year ahead, two years back and home again',
  async (t, line, dir) => {
    const random = seededRandom(5);
    const incoming = join(dir, 'box', 'incoming');
    const settings = {
      cameras: [watchedFolder(incoming)],
      policy: { recordAll: true },
    };
    const box = await line.enrol('box');
    const clock = await fakeTime(join(dir, 'clock'), '+0', { alsoMonotonic: false });
    await box.start(settings, clock.env);
    const dropped: string[] = [];
    for (const spec of ['+0', '+365d', '-365d', '-20000d', '+0']) {
      await clock.set(spec);
      for (let index = 0; index < 5; index++) {
        const name = `${dropped.length}.jpg`;
        await dropFile(incoming, name, await noisyPicture(index % 2 === 0, random));
        dropped.push(name);
        await until(`${name} to be decided`, async () => (await box.decisions()).length >= dropped.length);
      }
    }
    const decisions = await box.decisions();
    t.equal(decisions.length, dropped.length, 'each picture was decided once');
    t.ok(
      decisions.every(({ decision }) => decision !== null && decision.latencyMs < 30_000),
      'by the model, and no latency was measured with a clock that jumps',
    );
    const stored = await line.arrived(dropped.length);
    t.strictSame([...stored].sort(), [...dropped].sort(), 'nothing is lost and nothing is delivered twice');
    await until('the box to be online with the right time', async () => (await box.device()).online);
  },
  { skip },
);
