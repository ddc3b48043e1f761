import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { pipelineArguments } from '@lineside/agent/capture/gstreamer/pipeline';
import { cpuMs } from '../../system/processes.js';
import { cameraAt } from './rig.js';

/** The agent's own pipeline with a reader that only counts. @returns processor time of both, in cores */
export async function captureAlone(framesPerSecond: number, seconds: number): Promise<number> {
  const child = spawn(
    'sh',
    [
      '-c',
      'exec gst-launch-1.0 "$@" > /dev/null',
      'sh',
      ...pipelineArguments({ source: cameraAt(framesPerSecond) }),
    ],
    {
      stdio: 'ignore',
    },
  );
  const pid = child.pid ?? 0;
  await delay(2000);
  const before = await cpuMs(pid);
  const start = performance.now();
  await delay(seconds * 1000);
  const cores = ((await cpuMs(pid)) - before) / (performance.now() - start);
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  return cores;
}
