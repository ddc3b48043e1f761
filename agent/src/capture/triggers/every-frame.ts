import type { Trigger } from './trigger.js';

/** What a camera without a trigger has: every frame is decided. */
export const everyFrame: Trigger = {
  takes: () => true,
  start: async () => {},
  stop: async () => {},
};
