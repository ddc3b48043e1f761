import type { Strategy } from './schemas.js';

export interface Candidate {
  id: string;
  online: boolean;
}

/**
 * Which devices go in which group, in order. Canaries are devices that are online now, by id, then others. A canary
 * rollout over no more devices than canaries has one group.
 */
export function planGroups(devices: readonly Candidate[], strategy: Strategy): string[][] {
  const ids = [...devices]
    .sort((a, b) => Number(b.online) - Number(a.online) || (a.id < b.id ? -1 : 1))
    .map((device) => device.id);
  if (strategy.kind === 'all_at_once') return [ids];
  const rest = ids.slice(strategy.canaries);
  return rest.length > 0 ? [ids.slice(0, strategy.canaries), rest] : [ids];
}
