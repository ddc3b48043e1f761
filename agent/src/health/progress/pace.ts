import type { CameraConfig } from '@lineside/shared';

/**
 * What may be expected of a camera. `steady`: a decision in every interval. `triggered`: a frame in every interval,
 * and a decision only when something asks for one. `waiting`: a folder, in which nothing may come for hours.
 */
export type Pace =
  | { readonly kind: 'steady'; readonly everyMs: number }
  | { readonly kind: 'triggered'; readonly everyMs: number }
  | { readonly kind: 'waiting' };

export function paceOf({ source, trigger }: CameraConfig): Pace {
  if (source.kind === 'folder') return { kind: 'waiting' };
  const everyMs = 1000 / source.framesPerSecond;
  if (trigger && trigger.kind !== 'interval') return { kind: 'triggered', everyMs };
  return { kind: 'steady', everyMs: Math.max(everyMs, trigger?.everyMs ?? 0) };
}
