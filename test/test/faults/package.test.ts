import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '@lineside/fleet-server/learning/random';
import type { Line } from '../../src/system/line.js';
import { dropFile, noisyPicture, watchedFolder } from '../../src/system/pictures.js';
import { until } from '../../src/system/until.js';
import { onALine } from './on-a-line.js';

/** Labels what waits and trains a model on it. @returns its version */
async function trainModel(line: Line, frames: number): Promise<string> {
  await line.arrived(frames);
  for await (const frame of line.api.listFrames()) {
    await line.api.labelFrame(frame.id, frame.source?.split('-')[0] ?? '', randomUUID());
  }
  const { id } = await line.api.startTraining({ mode: 'head' });
  const run = await until(
    'training',
    async () => {
      const now = await line.api.getTraining(id);
      return now.state === 'queued' || now.state === 'running' ? null : now;
    },
    { timeoutMs: 180_000 },
  );
  if (!run.modelVersionId) throw new Error(`training ${run.state}`);
  return run.modelVersionId;
}

onALine(
  'a model package that is damaged on the server or on the box is never run: the last good one decides',
  async (t, line, dir) => {
    const random = seededRandom(3);
    const incoming = join(dir, 'box', 'incoming');
    const settings = {
      cameras: [watchedFolder(incoming)],
      policy: { recordAll: true },
    };
    const box = await line.enrol('box');
    const bootstrap = (await box.device()).reported?.model?.version;
    let agent = await box.start(settings);
    let dropped = 0;
    const decide = async () => {
      const light = dropped % 2 === 0;
      await dropFile(
        incoming,
        `${light ? 'light' : 'dark'}-${dropped++}.jpg`,
        await noisyPicture(light, random),
      );
      return until('the picture to be decided', async () => {
        const all = await box.decisions();
        return all.length >= dropped ? all.at(-1)?.decision?.modelVersion : null;
      });
    };
    for (let picture = 0; picture < 24; picture++) await decide();
    const version = await trainModel(line, 24);
    const model = (await line.api.listModels()).find(({ id }) => id === version);
    const { sha256 } = model?.manifest.variants[0]?.file ?? { sha256: '' };

    // Damaged on the server.
    const blob = join(line.serverDir, 'blobs', sha256.slice(0, 2), sha256.slice(2));
    const good = await readFile(blob);
    const bad = Buffer.from(good);
    bad.writeUInt32LE((bad.readUInt32LE(bad.length >> 1) ^ 0xffffffff) >>> 0, bad.length >> 1);
    await writeFile(blob, bad);
    const refused = await line.api.createRollout(version, { kind: 'all_at_once' });
    const told = await until(
      'the box to refuse it',
      async () => {
        const update = (await box.device()).reported?.update;
        return update?.code ? update : null;
      },
      { timeoutMs: 120_000 },
    );
    t.match(told.code, /artifact_(corrupt|unreachable)/, `the box says ${told.code}: ${told.message}`);
    t.equal(await decide(), bootstrap, 'the last good model decides');

    // Mended, under a new release.
    await line.api.rolloutAction(refused.id, 'abort');
    await writeFile(blob, good);
    const { id } = await line.api.createRollout(version, { kind: 'all_at_once' });
    await until('the box to take it', async () => (await box.device()).reported?.model?.version === version, {
      timeoutMs: 120_000,
    });
    await until(
      'the rollout to end',
      async () => (await line.api.getRollout(id)).rollout.state === 'finished',
    );
    t.equal(await decide(), version, 'the new model decides');

    // Damaged on the box, which starts without a server.
    await line.stopServer();
    await agent.kill();
    await writeFile(join(box.stateDir, 'artifacts', sha256), bad);
    agent = await box.start(settings);
    t.equal(await decide(), bootstrap, 'the one before decides');
    await line.startServer();
    t.ok(
      await until('the box to fetch it anew', async () => (await decide()) === version, {
        timeoutMs: 120_000,
        everyMs: 1000,
      }),
      'the new model decides again',
    );
  },
);
