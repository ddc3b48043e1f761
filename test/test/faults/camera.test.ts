import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '../../src/system/free-port.js';
import { childrenOf } from '../../src/system/processes.js';
import { until } from '../../src/system/until.js';
import { onALine } from './on-a-line.js';

const skip =
  spawnSync('gst-launch-1.0', ['--version']).status !== 0 &&
  'GStreamer is not installed: npm run setup:system';

/** A network camera: a process that serves pictures until it is killed. */
async function networkCamera(port: number): Promise<() => Promise<void>> {
  const child = spawn(
    'gst-launch-1.0',
    [
      ...['-q', 'videotestsrc', 'is-live=true', 'pattern=ball', '!'],
      ...['video/x-raw,width=320,height=240,framerate=20/1', '!', 'jpegenc', '!', 'multipartmux', '!'],
      ...['tcpserversink', 'host=127.0.0.1', `port=${port}`],
    ],
    { stdio: 'ignore' },
  );
  return async () => {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
}

onALine(
  'a camera goes and comes back: the other one never notices, and the server is told in words',
  async (t, line) => {
    const port = await freePort();
    const box = await line.enrol('box');
    const settings = {
      cameras: [
        {
          id: 'network',
          source: {
            kind: 'gstreamer',
            pipeline: `tcpclientsrc do-timestamp=true host=127.0.0.1 port=${port} ! multipartdemux ! jpegdec`,
            width: 320,
            height: 240,
            framesPerSecond: 20,
          },
        },
        { id: 'steady', source: { kind: 'synthetic', framesPerSecond: 10, width: 160, height: 120 } },
      ],
      policy: { auditShare: 0, thresholdOverride: 0 },
    };
    const count = async (camera: string) =>
      (await box.decisions()).filter(({ cameraId }) => cameraId === camera).length;
    const camera = async (id: string) =>
      (await box.device()).reported?.cameras.find((candidate) => candidate.id === id);
    await box.start(settings);
    const outages: { from: number; to: number }[] = [];
    for (let visit = 0; visit < 3; visit++) {
      const unplug = await networkCamera(port);
      const before = await count('network');
      await until('the camera to be decided', async () => (await count('network')) >= before + 20);
      await until('the server to see it run', async () => (await camera('network'))?.state === 'running');
      const from = Date.now();
      await unplug();
      const told = await until('the server to be told', async () => {
        const now = await camera('network');
        return now && now.state !== 'running' && now.message ? now : null;
      });
      t.match(told.message, /\S{3}/, `it is told: ${told.message}`);
      const steadyBefore = await count('steady');
      await until('the other camera to go on', async () => (await count('steady')) >= steadyBefore + 10);
      outages.push({ from, to: Date.now() });
    }
    const steady = (await box.decisions()).filter(({ cameraId }) => cameraId === 'steady');
    const longest = { during: 0, beside: 0 };
    for (const [index, { capturedAt }] of steady.slice(1).entries()) {
      const before = steady[index]?.capturedAt ?? capturedAt;
      const when = outages.some(({ from, to }) => capturedAt > from && before < to) ? 'during' : 'beside';
      longest[when] = Math.max(longest[when], capturedAt - before);
    }
    // A busy machine delays every frame: what it does while both cameras run is the measure.
    t.ok(
      longest.during < 2000 + 2 * longest.beside,
      `the steady camera's longest gap is ${longest.during} ms during outages, ${longest.beside} ms else`,
    );
  },
  { skip },
);

onALine(
  'a capture child that is killed or hangs is replaced',
  async (t, line) => {
    const box = await line.enrol('box');
    const agent = await box.start({
      cameras: [
        {
          id: 'cam',
          frozenAfterMs: 0,
          source: { kind: 'videotestsrc', width: 320, height: 240, framesPerSecond: 30 },
        },
      ],
      policy: { auditShare: 0, thresholdOverride: 0 },
    });
    for (const signal of ['SIGKILL', 'SIGSTOP', 'SIGKILL', 'SIGSTOP'] as const) {
      const before = (await box.decisions()).length;
      await until('frames', async () => (await box.decisions()).length >= before + 30);
      const [pid] = await childrenOf(agent.pid, 'gst-launch');
      t.ok(pid, 'a child captures');
      process.kill(pid ?? 0, signal);
      await until(`another child after ${signal}`, async () => {
        const [now] = await childrenOf(agent.pid, 'gst-launch');
        return now !== undefined && now !== pid;
      });
      const after = (await box.decisions()).length;
      await until('frames again', async () => (await box.decisions()).length > after + 5);
    }
    const decisions = await box.decisions();
    const sequences = decisions.map(({ sequence }) => sequence);
    t.strictSame(
      sequences,
      [...sequences].sort((a, b) => a - b),
      'frames carry on in one sequence',
    );
  },
  { skip },
);
