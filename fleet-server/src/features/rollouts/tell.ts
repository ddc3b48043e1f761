import type { DesiredState, ModelTarget } from '@lineside/shared';
import type { Transaction } from '../../db/retried-transaction.js';
import { modelById } from '../models/repository.js';
import { hasEnded } from './executions.js';
import type { Loaded, Member } from './load.js';
import type { RolloutView } from './machine.js';
import { modelTarget } from './release.js';
import type { RolloutRow } from './repository.js';
import { gateOf, watchesDisagreement } from './watch-quality.js';

type Shadow = NonNullable<DesiredState['shadow']>;

/** What a device is to be told. */
export interface Notification {
  deviceId: string;
  rolloutId: string;
  /** Null: it goes on with its own. */
  model: ModelTarget | null;
  /** Null: none from now on; absent: as it is. */
  shadow?: Shadow | null;
}

const shadowCounter = ({ device }: Member): number | null =>
  device.desired?.shadow?.model.releaseCounter ?? null;

/** Those of a group that can compare: one that runs the version already would agree with itself. */
export const candidates = ({ rollout, members }: Loaded, group: number): Member[] =>
  members.filter(
    ({ execution, device }) =>
      execution.groupIndex === group &&
      device.revokedAt === null &&
      device.reported?.model?.version !== rollout.modelVersionId,
  );

/** Whether people have not given the device a challenger of their own, which it keeps. */
export const isFree = (member: Member, { releaseCounter }: RolloutRow): boolean =>
  [null, releaseCounter].includes(shadowCounter(member));

/** Everything that devices are to be told and are not yet: `notify` now, the others because a process ended in between. */
export async function notifications(
  tx: Transaction,
  loaded: Loaded,
  view: RolloutView,
  notify: ReadonlySet<string>,
): Promise<Notification[]> {
  const { rollout, model } = loaded;
  const target = modelTarget(model, rollout.releaseCounter);
  const isUnderWay = view.state === 'running' || view.state === 'finished';
  const told = new Set([...notify, ...(isUnderWay ? untold(loaded, view) : [])]);
  const champion = told.size > 0 ? await referenceOf(tx, rollout) : null;
  const list = loaded.members.flatMap((member): Notification[] => {
    const { deviceId } = member.execution;
    if (!told.has(deviceId)) return [];
    const shadow = shadowBeside(rollout, member, champion);
    return [{ deviceId, rolloutId: rollout.id, model: target, ...(shadow !== undefined && { shadow }) }];
  });
  const trial = view.state === 'running' && view.groups.find(({ state }) => state === 'shadowing');
  if (!trial) return list;
  const share = gateOf(rollout, trial.index)?.shadow?.share ?? 1;
  const missing = candidates(loaded, trial.index).filter((member) => shadowCounter(member) === null);
  return [
    ...list,
    ...missing.map(({ execution: { deviceId } }) => ({
      ...{ deviceId, rolloutId: rollout.id, model: null },
      shadow: { model: target, share },
    })),
  ];
}

/** The champion, where the gate of the device asks for it; instead of the new version, where that was in the shadow. */
function shadowBeside(rollout: RolloutRow, member: Member, champion: Shadow | null): Notification['shadow'] {
  if (!isFree(member, rollout)) return undefined;
  if (champion && watchesDisagreement(gateOf(rollout, member.execution.groupIndex))) return champion;
  return shadowCounter(member) === null ? undefined : null;
}

async function referenceOf(tx: Transaction, { reference }: RolloutRow): Promise<Shadow | null> {
  if (!reference) return null;
  const model = await modelById(tx, reference.modelVersionId);
  return { model: modelTarget(model, reference.releaseCounter), share: 1 };
}

/** Devices marked as told whose desired state does not say so. */
function untold({ rollout, members }: Loaded, view: RolloutView): string[] {
  const states = new Map(view.executions.map(({ deviceId, state }) => [deviceId, state]));
  return members.flatMap(({ execution: { deviceId }, device }) => {
    const state = states.get(deviceId);
    if (!state || state === 'queued' || hasEnded(state) || device.revokedAt) return [];
    return (device.desired?.model?.releaseCounter ?? 0) < rollout.releaseCounter ? deviceId : [];
  });
}
