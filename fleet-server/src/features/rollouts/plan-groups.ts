import type { Plan } from './plan.js';

export interface Candidate {
  id: string;
  online: boolean;
}

/**
 * Which devices go in which group, in order: those that are online now first, by id. Groups for which no device is left
 * do not come about; a rollout without devices has one group.
 */
export function planGroups(devices: readonly Candidate[], plan: Plan): string[][] {
  const ids = [...devices]
    .sort((a, b) => Number(b.online) - Number(a.online) || (a.id < b.id ? -1 : 1))
    .map((device) => device.id);
  const groups: string[][] = [];
  let taken = 0;
  for (const { size } of plan) {
    if (taken === ids.length && groups.length > 0) break;
    const wanted =
      size.kind === 'devices'
        ? size.devices
        : size.kind === 'share'
          ? Math.max(1, Math.round(size.share * ids.length))
          : ids.length;
    groups.push(ids.slice(taken, taken + wanted));
    taken = Math.min(ids.length, taken + wanted);
  }
  return groups;
}
