import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '@lineside/fleet-server/learning/random';
import type { Test } from 'tap';
import type { Box, Line } from '../../src/system/line.js';
import { dropFile, noisyPicture, watchedFolder } from '../../src/system/pictures.js';
import { until } from '../../src/system/until.js';
import { onALine } from './on-a-line.js';

const boxes = 2;
const killsEach = 100;

const settingsOf = (incoming: string) => ({
  cameras: [watchedFolder(incoming)],
  policy: { auditShare: 1 },
});

onALine(
  `${boxes * killsEach} power cuts of camera boxes while frames flow and models are exchanged`,
  async (t, line) => {
    const names = Array.from({ length: boxes }, (_, index) => `box-${index}`);
    const enrolled: Box[] = [];
    for (const name of names) enrolled.push(await line.enrol(name));
    let cutting = true;
    const exchange: Exchange = { rolloutId: null };
    const cuts = Promise.all(
      enrolled.map((box, index) =>
        cutPower(box, names[index] ?? '', seededRandom(40 + index), () => isThrough(line, box, exchange)),
      ),
    ).finally(() => {
      cutting = false;
    });
    const [dropped, exchanges] = await Promise.all([cuts, exchangeModels(line, exchange, () => cutting)]);
    t.ok(exchanges > 0, `${exchanges} models were rolled out meanwhile`);

    for (const box of enrolled) await box.start(settingsOf(join(box.dir, 'incoming')));
    const all = dropped.flat().sort();
    const stored = await line.arrived(all.length);
    t.equal(new Set(stored).size, stored.length, 'nothing is delivered twice');
    t.strictSame([...stored].sort(), all, 'nothing is lost');
    for (const box of enrolled) await consistent(t, box);
    t.equal((await line.api.countFrames()).quarantined, 0, 'nothing was half sent');
  },
  { timeoutMs: 900_000 },
);

interface Exchange {
  /** The rollout under way. */
  rolloutId: string | null;
}

/** Whether the box runs the model that is being rolled out. */
async function isThrough(line: Line, box: Box, { rolloutId }: Exchange): Promise<boolean> {
  if (rolloutId === null) return true;
  const { id: deviceId } = await box.device();
  const { rollout, executions } = await line.api.getRollout(rolloutId);
  const own = executions.find((execution) => execution.deviceId === deviceId);
  return rollout.state !== 'running' || own?.state === 'confirmed';
}

/** Starts a box, feeds it and cuts its power after a random time, over and over. @returns names of the pictures */
async function cutPower(
  box: Box,
  name: string,
  random: () => number,
  through: () => Promise<boolean>,
): Promise<string[]> {
  const incoming = join(box.dir, 'incoming');
  const dropped: string[] = [];
  const drop = async () => {
    const file = `${name}-${String(dropped.length).padStart(3, '0')}.jpg`;
    await dropFile(incoming, file, await noisyPicture(random() < 0.5, random));
    dropped.push(file);
  };
  for (let cut = 0; cut < killsEach; cut++) {
    const agent = await box.start(settingsOf(incoming));
    await drop();
    await drop();
    // Most cuts come while it starts, takes frames in and exchanges a model; now and then one is let come through.
    if (cut % 20 === 10) {
      const confirmed = async () => {
        await drop();
        return through();
      };
      await until('the box to take the model', confirmed, { timeoutMs: 120_000, everyMs: 500 });
    }
    await delay(random() * 2500);
    await agent.kill();
  }
  return dropped;
}

/** Rolls the present model out again and again, each time under a new release counter. */
async function exchangeModels(line: Line, exchange: Exchange, going: () => boolean): Promise<number> {
  let finished = 0;
  while (going()) {
    const [model] = await line.api.listModels();
    if (!model) throw new Error('there is no model');
    const { id } = await line.api.createRollout(model.id, { kind: 'all_at_once' });
    exchange.rolloutId = id;
    await until(
      'the rollout to end',
      async () => {
        const { rollout } = await line.api.getRollout(id);
        return rollout.state !== 'running' || !going();
      },
      { timeoutMs: 300_000, everyMs: 300 },
    );
    if ((await line.api.getRollout(id)).rollout.state === 'finished') finished++;
    else await line.api.rolloutAction(id, 'abort').catch(() => undefined);
  }
  return finished;
}

/** Spool, state and model slots after the cuts. */
async function consistent(t: Test, box: Box): Promise<void> {
  const folder = async (name: string) => readdir(join(box.stateDir, name)).catch(() => []);
  await until('the spool to be empty', async () => (await folder('spool/frames')).length === 0);
  t.strictSame(await folder('spool/corrupt'), [], 'no frame was half written');
  t.notOk(
    (await readdir(box.stateDir)).some((file) => file.includes('corrupt')),
    'no state file was half written',
  );
  const device = await until('the box to be through with its update', async () => {
    const now = await box.device();
    if (!now.online || !now.reported?.model) return null;
    const { phase, message = '' } = now.reported.update;
    // Three cuts in a row while a model is on trial look like three crashes by it: it is given up, the one before decides.
    return phase === 'confirmed' || phase === 'idle' || /went down 3 times/.test(message) ? now : null;
  });
  const { length: before } = await box.decisions();
  await dropFile(join(box.dir, 'incoming'), 'last.jpg', await noisyPicture(true, seededRandom(1)));
  await until('a model to decide', async () =>
    (await box.decisions()).slice(before).some(({ decision }) => decision !== null),
  );
  t.ok(device.reported?.model, 'and is reported');
}
