import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { freePort } from '../src/system/free-port.js';
import { Line } from '../src/system/line.js';
import { watchedFolder } from '../src/system/pictures.js';
import { until } from '../src/system/until.js';

const pin = '135791';

t.test('while the plant holds a box it neither changes nor fails, and follows when released', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'lineside-hold-'));
  const line = await Line.start(dir);
  t.teardown(async () => {
    await line.stop();
    await rm(dir, { recursive: true, force: true });
  });
  const box = await line.enrol('press-1');
  const port = await freePort();
  const settings = {
    cameras: [watchedFolder(join(box.dir, 'incoming'))],
    policy: { auditShare: 0 },
    http: { port, pin },
  };
  const hold = (method: 'POST' | 'DELETE', query = '') =>
    fetch(`http://127.0.0.1:${port}/hold${query}`, { method, headers: { authorization: `Bearer ${pin}` } });
  const reported = async () => (await box.device()).reported;

  const agent = await box.start(settings);
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until('the box is up', answers);
  const before = (await reported())?.model?.releaseCounter ?? 0;
  t.equal(
    (await fetch(`http://127.0.0.1:${port}/hold`, { method: 'POST' })).status,
    401,
    'not without the PIN',
  );
  t.equal((await hold('POST', '?minutes=60&reason=batch+7')).status, 202);
  await until('the hold is told', async () => (await reported())?.hold?.reason === 'batch 7');

  const [model] = await line.api.listModels();
  const { id, releaseCounter } = await line.api.createRollout(model?.id ?? '', { kind: 'all_at_once' });
  const execution = async () => (await line.api.getRollout(id)).executions[0]?.state;
  await until('the device is held', async () => (await execution()) === 'held', { timeoutMs: 60_000 });
  await agent.kill();
  await box.start(settings);
  await until('the box is up again', answers);
  const health = await fetch(`http://127.0.0.1:${port}/healthz`);
  t.match(await health.json(), { hold: { reason: 'batch 7' } });
  const { rollout } = await until('it is held after a power cut', async () => {
    const { online, reported: now } = await box.device();
    if (!online || now?.update.phase !== 'held' || now.hold?.reason !== 'batch 7') return null;
    // On its start a device goes through the phases anew.
    const shown = await line.api.getRollout(id);
    return shown.executions[0]?.state === 'held' ? shown : null;
  });
  t.match(rollout, { state: 'running', groups: [{ held: 1, failed: 0, confirmed: 0 }] });
  t.equal((await reported())?.model?.releaseCounter, before, 'what ran still does');

  t.equal((await hold('DELETE')).status, 200);
  await until('the rollout is finished', async () => {
    const now = await line.api.getRollout(id);
    return now.rollout.state === 'finished' && now.executions[0]?.state === 'confirmed';
  });
  t.match(await reported(), { hold: null, model: { releaseCounter } });
});
