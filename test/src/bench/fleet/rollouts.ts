import { usualGate } from '@lineside/fleet-server/features/rollouts/plan';
import { until } from '../../system/until.js';
import type { Fleet } from './fleet.js';
import type { LinesideTarget } from './lineside-target.js';
import { type Figures, loadAverage, patienceMs } from './phases.js';

const firstGroupShare = 0.05;
const patience = { timeoutMs: patienceMs, everyMs: 200 };

/** Makes the classes and waits until every device runs the model that knows nothing. @returns the model */
export async function firstModel(target: LinesideTarget): Promise<string> {
  const { api } = target;
  for (const name of ['dark', 'light']) await api.createClass(name);
  await until(
    'the first model everywhere',
    async () => (await api.listRollouts()).some(({ state }) => state === 'finished'),
    patience,
  );
  const [model] = await api.listModels();
  if (!model) throw new Error('there is no model');
  // The whole fleet in one group is what is measured.
  await api.request('PUT', '/rollouts/rules', { fourEyes: false, widestShare: 1 });
  return model.id;
}

/** One group of everybody: until the last device is told, and until the last has confirmed. */
export async function tellAll(fleet: Fleet, target: LinesideTarget, model: string): Promise<Figures> {
  const { api } = target;
  const { id } = await api.createRollout(model, { kind: 'all_at_once' }, false);
  const startMs = Date.now();
  const { releaseCounter } = await api.rolloutAction(id, 'start');
  await fleet.until('all to be told', () => fleet.told(releaseCounter).devices >= fleet.size, patienceMs);
  const toldSeconds = (fleet.told(releaseCounter).lastAtMs - startMs) / 1000;
  await until(
    'the rollout to finish',
    async () => (await api.listRollouts()).some((each) => each.id === id && each.state === 'finished'),
    patience,
  );
  return {
    desiredToAllSeconds: toldSeconds,
    rolloutSeconds: (Date.now() - startMs) / 1000,
    tellLoadAverage: loadAverage(),
  };
}

/** One device in twenty fails: until the first group has stopped the rollout. @returns also whether nobody else was told */
export async function stopByItself(
  fleet: Fleet,
  target: LinesideTarget,
  model: string,
): Promise<{ figures: Figures; untouched: boolean }> {
  const { api } = target;
  const errors = { ...usualGate.errors, any: { share: 0.02, sample: 20 } };
  const first = { kind: 'share' as const, share: firstGroupShare };
  const { id } = await api.createRollout(
    model,
    {
      kind: 'staged',
      groups: [
        { name: 'First', size: first, gate: { ...usualGate, errors } },
        { name: 'Rest', size: { kind: 'rest' }, gate: usualGate },
      ],
    },
    false,
  );
  const startMs = Date.now();
  const { releaseCounter } = await api.rolloutAction(id, 'start');
  const paused = await until(
    'the rollout to stop',
    async () => (await api.listRollouts()).find((each) => each.id === id && each.state === 'paused'),
    patience,
  );
  const stopSeconds = (Date.now() - startMs) / 1000;
  const { executions } = await api.getRollout(id);
  const told = executions.filter(({ state }) => state !== 'queued');
  const untouched =
    paused.groups[0]?.state === 'failed' &&
    told.every(({ group }) => group === 0) &&
    fleet.told(releaseCounter).devices <= (paused.groups[0]?.devices ?? 0);
  await api.rolloutAction(id, 'abort');
  return {
    figures: {
      stopSeconds,
      toldBeforeStopShare: fleet.told(releaseCounter).devices / fleet.size,
      stopLoadAverage: loadAverage(),
    },
    untouched,
  };
}
