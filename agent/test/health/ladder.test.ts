import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { StuckAt } from '../../src/health/progress/progress.js';
import { ExitRecord } from '../../src/health/watchdog/exit-record.js';
import {
  climb,
  inOrder,
  type LadderCamera,
  type LadderState,
  ladderBottom,
} from '../../src/health/watchdog/ladder.js';
import { folderOf } from '../helpers/folder.js';

interface Simulation {
  /** `second kind camera` */
  readonly actions: string[];
  /** Seconds at which the service manager would not be told that all is well. */
  readonly unfed: number[];
  readonly gaveUpAt: number | null;
}

/** Looks once a second; `silent` says which cameras are, and for how long, at a second. */
function simulate(
  seconds: number,
  cameras: readonly string[],
  silentMs: (camera: string, second: number) => number,
  at: StuckAt = 'capture',
  suspended: (second: number) => boolean = () => false,
): Simulation {
  let state: LadderState = ladderBottom;
  const exits: number[] = [];
  const actions: string[] = [];
  const unfed: number[] = [];
  let gaveUpAt: number | null = null;
  for (let second = 0; second <= seconds; second++) {
    const view = {
      nowMs: second * 1000,
      suspended: suspended(second),
      recentExits: exits.filter((at) => second - at < 3600).length,
      cameras: cameras.map((id): LadderCamera => {
        const forMs = silentMs(id, second);
        return { id, runs: true, silence: forMs > 0 ? { forMs, at } : null };
      }),
    };
    const step = climb(state, view);
    state = step.state;
    if (!inOrder(step, view)) unfed.push(second);
    if (step.gaveUp !== null) gaveUpAt ??= second;
    for (const action of step.actions) {
      actions.push([second, action.kind, 'cameraId' in action ? action.cameraId : ''].join(' ').trim());
      if (action.kind !== 'exit') continue;
      exits.push(second);
      // A new process begins at the bottom.
      state = ladderBottom;
    }
  }
  return { actions, unfed, gaveUpAt };
}

t.test('pipeline, agent, unit: each rung has its time, and restarts of the process a limit', async (t) => {
  let restarted = 0;
  const run = simulate(150, ['cam'], (_, second) => {
    // After each exit the new process has to see the silence itself.
    if (second % 28 === 0) restarted = second;
    return (second - restarted) * 1000;
  });
  t.same(run.actions.slice(0, 3), ['7 restart_camera cam', '13 rebuild_station', '21 exit']);
  t.equal(run.actions.filter((action) => action.endsWith('exit')).length, 3);
  t.type(run.gaveUpAt, 'number', 'then it stays up');
});

t.test('one camera in trouble never holds up another: only its own source is started anew', async (t) => {
  const { unfed, gaveUpAt, actions } = simulate(2000, ['cam', 'good'], (camera, second) =>
    camera === 'cam' ? second * 1000 : 0,
  );
  t.same(actions, [
    '7 restart_camera cam',
    '613 restart_camera cam',
    '1213 restart_camera cam',
    '1813 restart_camera cam',
  ]);
  t.equal(gaveUpAt, 13, 'the alarm says that it could not be mended');
  t.same(unfed, [], 'and the watchdog is fed');
});

t.test('a camera that moves again starts from the bottom, after a time of calm', async (t) => {
  const once = simulate(200, ['cam'], (_, s) => (s <= 8 ? s * 1000 : s >= 100 ? (s - 100) * 1000 : 0));
  t.same(once.actions.slice(0, 3), ['7 restart_camera cam', '107 restart_camera cam', '113 rebuild_station']);
  const soon = simulate(30, ['cam'], (_, s) => (s <= 8 ? s * 1000 : s >= 14 ? (s - 14) * 1000 : 0));
  t.same(soon.actions.slice(0, 3), ['7 restart_camera cam', '21 rebuild_station', '29 exit'], 'no calm');
});

t.test('when the model does not answer, it is the model that is started anew', async (t) => {
  const run = simulate(21, ['a', 'b'], (_, second) => second * 1000, 'inference');
  t.same(run.actions, ['7 restart_inference', '13 rebuild_station', '13 restart_inference', '21 exit']);
});

t.test('while an engine compiles nothing is done and the watchdog is fed', async (t) => {
  const compiling = simulate(
    600,
    ['cam'],
    (_, second) => second * 1000,
    'inference',
    () => true,
  );
  t.same(compiling, { actions: [], unfed: [], gaveUpAt: null });
});

t.test('restarts are remembered across processes, for an hour of this boot', async (t) => {
  const dir = folderOf(t);
  let uptime = 1000;
  const record = async (): Promise<ExitRecord> => {
    const fresh = new ExitRecord(dir, () => uptime);
    await fresh.load();
    return fresh;
  };
  const first = await record();
  t.equal(first.recent, 0);
  await first.add();
  await first.add();
  uptime = 2000;
  t.equal((await record()).recent, 2);
  uptime = 1000 + 3601;
  t.equal((await record()).recent, 0);
  uptime = 10;
  t.equal((await record()).recent, 0, 'times of an earlier boot do not count');
  for (const broken of ['', '{', '[]', '{"bootId":1}']) {
    await writeFile(join(dir, 'restarts.json'), broken);
    t.equal((await record()).recent, 0, `${broken} is as good as nothing`);
  }
});
