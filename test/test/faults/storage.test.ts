import { spawnSync } from 'node:child_process';
import { mkdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../src/system/free-port.js';
import { metricsOf } from '../../src/system/line.js';
import { until } from '../../src/system/until.js';
import { onALine } from './on-a-line.js';

const mount = (...args: string[]): boolean => spawnSync('mount', args).status === 0;
const unmount = (path: string): void => {
  spawnSync('umount', ['--lazy', path]);
};

/** A file system of its own needs root; without it this fault is shown by the spool's own tests on a made-up disk. */
function mountingMissing(): string | false {
  const probe = `/tmp/lineside-mount-${process.pid}`;
  const able =
    spawnSync('mkdir', [probe]).status === 0 && mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', probe);
  if (able) unmount(probe);
  spawnSync('rmdir', [probe]);
  return able ? false : 'a file system of its own cannot be mounted here: run as root';
}

const megabyte = 2 ** 20;

onALine(
  'a full disk and one that turns read-only: the box decides throughout, and what it kept arrives once',
  async (t, line, dir) => {
    const state = join(dir, 'box', 'state');
    await mkdir(state, { recursive: true });
    t.ok(
      mount('-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', state),
      'the state folder has a small disk of its own',
    );
    try {
      const port = await freePort();
      const settings = {
        cameras: [{ id: 'cam', source: { kind: 'synthetic', framesPerSecond: 5, width: 320, height: 240 } }],
        policy: { recordAll: true },
        spool: { minFreeBytes: 0 },
        http: { port },
      };
      const box = await line.enrol('box');
      await line.stopServer();
      const { bavail, bsize } = await statfs(state);
      const filler = join(state, 'someone-elses-file');
      await writeFile(filler, Buffer.alloc(bavail * bsize - megabyte));
      await box.start(settings);
      await until('the spool to give up frames', async () => {
        const metrics = await metricsOf(port).catch(() => null);
        return (metrics?.get('lineside_spool_evicted_total') ?? 0) >= 10;
      });
      const decidedBefore = (await box.decisions()).length;

      // Refused as busy while the box has a file open for writing.
      await until('the disk to turn read-only', () => mount('-o', 'remount,ro', state));
      const failing = await until('the box to say so', async () => {
        const health = await fetch(`http://127.0.0.1:${port}/healthz`).then((answer) => answer.text());
        return /storage_(failed|full)/.test(health) ? health : null;
      });
      t.ok(failing, 'the local page tells of the disk');
      await until(
        'decisions on a read-only disk',
        async () => (await box.decisions()).length >= decidedBefore + 10,
      );
      t.ok(mount('-o', 'remount,rw', state), 'the disk can be written again');
      await rm(filler);
      await line.startServer();
      await until('everything to be uploaded', async () => {
        const metrics = await metricsOf(port);
        return (
          metrics.get('lineside_spool_frames') === 0 ||
          (metrics.get('lineside_frames_uploaded_total') ?? 0) > 50
        );
      });
      await box.stop();
      const decisions = await box.decisions();
      t.ok(
        decisions.every(({ decision }) => decision !== null),
        'the last good model decided every frame',
      );
      const stored = await line.storedSources();
      t.ok(stored.length > 0, `${stored.length} of ${decisions.length} frames arrived`);
      t.equal(new Set(stored).size, stored.length, 'nothing is delivered twice');
      const log = await readFile(join(box.dir, 'agent.log'), 'utf8');
      t.notMatch(log, /uncaught|unhandled/i, 'nothing went down');
    } finally {
      unmount(state);
    }
  },
  { skip: mountingMissing() },
);
