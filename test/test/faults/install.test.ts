import { createHash } from 'node:crypto';
import { watch } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import type { RunningAgent } from '../../src/system/agent.js';
import type { Box } from '../../src/system/line.js';
import { until } from '../../src/system/until.js';
import { onALine } from './on-a-line.js';

/** What a device has stored of its models. */
interface Stored {
  confirmed: { releaseCounter: number } | null;
  install: { releaseCounter: number; phase: string } | null;
}

/** A stored step of the install, and how long after it the power goes. */
interface Cut {
  phase: 'downloading' | 'verifying' | 'self_testing' | 'active' | 'confirmed';
  afterMs: number;
}

const order = ['downloading', 'verifying', 'compiling', 'self_testing', 'active', 'confirmed'];
const rounds: Cut[][] = [
  [
    { phase: 'downloading', afterMs: 0 },
    { phase: 'verifying', afterMs: 0 },
    { phase: 'self_testing', afterMs: 0 },
  ],
  [
    { phase: 'active', afterMs: 0 },
    { phase: 'confirmed', afterMs: 0 },
    { phase: 'self_testing', afterMs: 150 },
  ],
];

const settings = {
  cameras: [{ id: 'cam', source: { kind: 'synthetic', width: 96, height: 64, framesPerSecond: 3 } }],
  policy: { auditShare: 0, thresholdOverride: 0 },
};

const storedBy = async (box: Box): Promise<Stored> =>
  JSON.parse(await readFile(join(box.stateDir, 'state.json'), 'utf8')) as Stored;

/** The step that is stored of this release; null: none yet. */
function stepOf({ confirmed, install }: Stored, releaseCounter: number): string | null {
  if (confirmed?.releaseCounter === releaseCounter) return 'confirmed';
  return install?.releaseCounter === releaseCounter ? install.phase : null;
}

/** Cuts the power of a box when the step is on its disk. @returns the step that the cut found there */
async function cutAt(box: Box, agent: RunningAgent, { phase, afterMs }: Cut, counter: Promise<number>) {
  const reached = new AbortController();
  const changes = watch(box.stateDir, { signal: reached.signal });
  const look = async () => {
    const step = stepOf(await storedBy(box), await counter);
    if (step && order.indexOf(step) >= order.indexOf(phase)) reached.abort();
  };
  changes.on('change', () => void look().catch(() => undefined));
  changes.on('error', () => undefined);
  await new Promise<void>((resolve) => reached.signal.addEventListener('abort', () => resolve()));
  if (afterMs > 0) await delay(afterMs);
  await agent.kill();
  return stepOf(await storedBy(box), await counter);
}

/** What has the name of a hash on the disk is what it says. */
async function wholeFiles(t: Test, box: Box): Promise<void> {
  const folder = join(box.stateDir, 'artifacts');
  for (const name of await readdir(folder)) {
    if (!/^[0-9a-f]{64}$/.test(name)) continue;
    const sha256 = createHash('sha256')
      .update(await readFile(join(folder, name)))
      .digest('hex');
    if (sha256 !== name) t.fail(`${name} is not whole`);
  }
}

onALine('the power is cut at every step of an install', async (t, line) => {
  const boxes = await Promise.all(['a', 'b', 'c'].map((name) => line.enrol(`box-${name}`)));
  const agents = await Promise.all(boxes.map((box) => box.start(settings)));
  const found = new Set<string | null>();
  const [model] = await line.api.listModels();
  const runs = async (box: Box) => (await box.device()).reported?.model?.releaseCounter;

  for (const cuts of rounds) {
    const before = await Promise.all(
      boxes.map(async (box) => (await storedBy(box)).confirmed?.releaseCounter),
    );
    let say = (_counter: number) => {};
    const counter = new Promise<number>((resolve) => {
      say = resolve;
    });
    const cutting = boxes.map((box, index) => cutAt(box, agents[index]!, cuts[index]!, counter));
    const rollout = await line.api.createRollout(model?.id ?? '', { kind: 'all_at_once' });
    say(rollout.releaseCounter);
    for (const [index, cut] of cutting.entries()) {
      const box = boxes[index]!;
      const step = await cut;
      found.add(step);
      const { phase, afterMs } = cuts[index]!;
      const { confirmed } = await storedBy(box);
      const kept = step === 'confirmed' ? rollout.releaseCounter : before[index];
      t.equal(
        confirmed?.releaseCounter,
        kept,
        `${phase} + ${afterMs} ms: found ${step}, a restart loads ${kept}`,
      );
      await wholeFiles(t, box);
      agents[index] = await box.start(settings);
    }
    const through = async () => {
      const now = await line.api.getRollout(rollout.id);
      return now.rollout.state !== 'running' ? now : null;
    };
    const { rollout: ended, executions } = await until('the rollout to end', through, { timeoutMs: 180_000 });
    t.match(ended, { state: 'finished', groups: [{ confirmed: 3, failed: 0 }] }, 'each outcome counts once');
    t.ok(executions.every(({ state }) => state === 'confirmed'));
    for (const box of boxes) {
      t.equal(await runs(box), rollout.releaseCounter);
      t.match(await storedBy(box), { install: null, trial: null });
    }
  }
  for (const step of ['downloading', 'self_testing', 'active', 'confirmed']) {
    t.ok(found.has(step), `a cut found ${step} on the disk`);
  }
});
